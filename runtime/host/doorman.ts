import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { errorText } from "../error.ts";
import { limits } from "../limits.ts";
import { listen } from "../trigger/http/listen.ts";
import type { ListenAddress } from "../trigger/http/listen.ts";
import { stopReading } from "./descriptors.ts";
import { appOfHost, findHost } from "./request-name.ts";
import { takeShortTurns } from "./short-turns.ts";

/** A connection that has begun to say what it wants. */
export interface Caller {
  /** Paused: nothing more is read of it here. */
  readonly socket: Socket;
  /** Whom the first request is for; undefined where only who parses it can know. */
  readonly app: string | undefined;
  /** Whether all requests are for that app, whatever host they name. */
  readonly isFixed: boolean;
  /** What was read of it. */
  readonly head: Uint8Array;
}

export interface DoormanOptions {
  /** Hands the connection to somebody who answers. */
  onCaller(caller: Caller): void;
  onWarning(message: string): void;
  /** Connections that may be silent at once; of more the oldest one is closed. */
  readonly silentMax?: number;
  /** So long a connection may take to say whom it is for. */
  readonly headMsMax?: number;
}

/**
 * Listens for all apps of a host on one thread: one set of idle sockets that the kernel watches,
 * whatever their number. A connection that has not said anything costs no worker anything.
 */
export class Doorman {
  readonly #options: DoormanOptions;
  readonly #servers = new Map<string, Server>();
  /** The oldest first. */
  readonly #silent = new Map<Socket, SilentCaller>();

  /** The thread that makes it is the one that listens. */
  constructor(options: DoormanOptions) {
    this.#options = options;
    // Who knocks must not wait behind workers that have much to do.
    takeShortTurns();
  }

  /**
   * Listens; `app` is whom all connections are for, or undefined where they say it themselves.
   * Returns the address with its real port. Rejects with WhorlError `listen`.
   */
  async listen(address: ListenAddress, app: string | undefined): Promise<ListenAddress> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true });
    server.on("connection", (socket) => this.#accept(socket, app));
    await listen(server, address);
    server.on("error", (error) => this.#options.onWarning(`listener: ${errorText(error)}`));
    const { address: host, port } = server.address() as AddressInfo;
    this.#servers.set(app ?? "", server);
    return { host, port };
  }

  /** Takes no more connections for an app that had an address of its own. */
  stop(app: string): void {
    this.#servers.get(app)?.close();
    this.#servers.delete(app);
  }

  /** Takes no more connections; those that never said anything end. */
  async close(): Promise<void> {
    for (const socket of this.#silent.keys()) socket.destroy();
    const closing = [...this.#servers.values()].map(async (server) => {
      const closed = once(server, "close");
      server.close();
      await closed;
    });
    this.#servers.clear();
    await Promise.all(closing);
  }

  /** Connections that have not said whom they are for. */
  get silent(): number {
    return this.#silent.size;
  }

  #accept(socket: Socket, app: string | undefined): void {
    const { silentMax = limits.hostSilentConnectionsMax, headMsMax = limits.requestHeadMsMax } =
      this.#options;
    if (this.#silent.size >= silentMax) {
      const [oldest] = this.#silent.keys();
      oldest?.destroy();
    }
    const caller = new SilentCaller(socket, app, (heard) => {
      this.#silent.delete(socket);
      if (heard !== undefined) this.#options.onCaller(heard);
    });
    this.#silent.set(socket, caller);
    caller.listen(headMsMax);
  }
}

/** A connection until it is known whom it is for. */
class SilentCaller {
  readonly #socket: Socket;
  readonly #app: string | undefined;
  readonly #done: (caller: Caller | undefined) => void;
  #head: Uint8Array = new Uint8Array(0);
  /** In which the head came so far: looking at it anew each time costs the square of that. */
  #pieces = 0;
  #deadline: NodeJS.Timeout | undefined;

  constructor(socket: Socket, app: string | undefined, done: (caller: Caller | undefined) => void) {
    this.#socket = socket;
    this.#app = app;
    this.#done = done;
  }

  listen(headMsMax: number): void {
    const socket = this.#socket;
    socket.on("data", (chunk: Buffer) => this.#hear(chunk));
    // A client that goes away before it has asked, or asks too slowly.
    socket.on("error", ignore);
    socket.once("end", () => socket.destroy());
    socket.once("close", () => {
      clearTimeout(this.#deadline);
      this.#done(undefined);
    });
    // From the beginning, not from the last byte: who sends one now and then is as slow.
    this.#deadline = setTimeout(() => socket.destroy(), headMsMax).unref();
    socket.resume();
  }

  #hear(chunk: Buffer): void {
    // A copy: what a view is sliced from would travel to the other thread as a whole.
    this.#head = this.#head.length === 0 ? new Uint8Array(chunk) : joined(this.#head, chunk);
    const isWorthALook = this.#app === undefined && ++this.#pieces <= limits.hostHeadPiecesMax;
    const finding = isWorthALook ? findHost(this.#head) : undefined;
    if (finding?.kind === "incomplete") return;
    const socket = this.#socket;
    // At once: what would be read after this would be missing elsewhere.
    stopReading(socket);
    for (const event of ["data", "end", "close"]) socket.removeAllListeners(event);
    clearTimeout(this.#deadline);
    const host = finding?.kind === "host" ? finding.host : "";
    const isFixed = this.#app !== undefined;
    this.#done({ socket, app: this.#app ?? appOfHost(host), isFixed, head: this.#head });
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function ignore(): void {}
