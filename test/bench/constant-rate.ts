import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { AnswerReader } from "./answer-reader.ts";

export interface ConstantRate {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly requestsPerSecond: number;
  readonly connections: number;
  readonly seconds: number;
  /** Requests of this time at the beginning do not count. */
  readonly warmUpSeconds: number;
}

export interface RateResult {
  /**
   * Of each request from the moment at which it was due, whether or not a connection was free then:
   * a server that falls behind makes all that follow late, as it would in earnest.
   */
  readonly latenciesMs: readonly number[];
  /** Answers other than 200; they have no latency. */
  readonly refused: number;
}

/**
 * Asks at a constant rate over connections that stay, one request on each at a time. Uses a whole
 * core, since it never sleeps while requests are due. Rejects when a connection breaks.
 */
export async function askAtConstantRate(rate: ConstantRate): Promise<RateResult> {
  const asker = new Asker(rate);
  return await asker.run();
}

class Asker {
  readonly #rate: ConstantRate;
  readonly #idle: Connection[] = [];
  readonly #latenciesMs: number[] = [];
  readonly #done = Promise.withResolvers<void>();
  readonly #total: number;
  #startedMs = 0;
  #sent = 0;
  #ended = 0;
  #refused = 0;

  constructor(rate: ConstantRate) {
    this.#rate = rate;
    this.#total = Math.floor(rate.requestsPerSecond * (rate.seconds + rate.warmUpSeconds));
  }

  async run(): Promise<RateResult> {
    const { port, connections } = this.#rate;
    const sockets: Socket[] = [];
    try {
      for (let count = 0; count < connections; count++) {
        const socket = connect({ port, host: "127.0.0.1", noDelay: true });
        sockets.push(socket);
        await once(socket, "connect");
        socket.on("error", (error) => this.#done.reject(error));
        socket.on("end", () => this.#done.reject(new Error("the server ended a connection")));
        this.#idle.push(new Connection(socket, (...answer) => this.#note(...answer)));
      }
      this.#startedMs = performance.now();
      this.#turn();
      await this.#done.promise;
      return { latenciesMs: this.#latenciesMs, refused: this.#refused };
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  }

  readonly #turn = (): void => {
    const { requestsPerSecond } = this.#rate;
    const sinceMs = performance.now() - this.#startedMs;
    // The first one is due at once.
    const due = Math.min(this.#total, Math.floor((sinceMs * requestsPerSecond) / 1000) + 1);
    while (this.#sent < due) {
      const connection = this.#idle.shift();
      if (connection === undefined) break;
      connection.ask(this.#startedMs + (this.#sent * 1000) / requestsPerSecond);
      this.#sent++;
    }
    if (this.#sent < this.#total) setImmediate(this.#turn);
  };

  #note(connection: Connection, dueMs: number, status: number): void {
    this.#idle.push(connection);
    this.#ended++;
    if (status !== 200) this.#refused++;
    else if (dueMs >= this.#startedMs + this.#rate.warmUpSeconds * 1000) {
      this.#latenciesMs.push(performance.now() - dueMs);
    }
    if (this.#ended === this.#total) this.#done.resolve();
  }
}

const question = Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

class Connection {
  readonly #socket: Socket;
  readonly #reader = new AnswerReader();
  #dueMs = 0;

  constructor(
    socket: Socket,
    onAnswer: (connection: Connection, dueMs: number, status: number) => void,
  ) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      const status = this.#reader.add(chunk);
      if (status !== undefined) onAnswer(this, this.#dueMs, status);
    });
  }

  ask(dueMs: number): void {
    this.#dueMs = dueMs;
    this.#socket.write(question);
  }
}
