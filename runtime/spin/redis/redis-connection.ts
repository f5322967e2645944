import type { Socket } from "node:net";
import { AbstractConnector, Redis } from "ioredis";
import { errorText } from "../../error.ts";
import { limits } from "../../limits.ts";
import { connectOutbound, type OutboundNetwork } from "../network/outbound-network.ts";
import { trustedAuthorities } from "../network/trusted-authorities.ts";
import { type RedisAddress, redisPort } from "./redis-address.ts";
import type { RedisReply } from "./redis-values.ts";
import { ReplyMarker } from "./reply-marker.ts";

/** A connection to a Redis server that is not made again once it is lost. */
export class RedisConnection {
  readonly #client: Redis;
  #lastError: unknown;
  #aborted: Error | undefined;
  #pending = 0;
  #isGathering = false;

  private constructor(client: Redis) {
    this.#client = client;
    client.on("error", (error: unknown) => {
      this.#lastError = error;
    });
  }

  /** Connects and logs in. Rejects with the reason, also when that takes too long. */
  static async open(address: RedisAddress, network: OutboundNetwork): Promise<RedisConnection> {
    const connection = new RedisConnection(newClient(address, network));
    const timer = setTimeout(
      () => connection.#abort(new Error("the server does not answer")),
      network.connectMsMax ?? limits.serverConnectMsMax,
    );
    try {
      await connection.#start(address);
      return connection;
    } catch (error) {
      connection.close();
      throw connection.#reason(error);
    } finally {
      clearTimeout(timer);
    }
  }

  get alive(): boolean {
    return this.#client.status === "ready";
  }

  /** Commands that wait for their answer. */
  get pending(): number {
    return this.#pending;
  }

  /** Sends one command, its name in upper case. Rejects with the server's error. */
  call(command: string, args: readonly (string | Buffer)[]): Promise<RedisReply> {
    this.#pending++;
    if (!this.#isGathering) this.#gather();
    return this.#client.callBuffer(command, ...args).then(this.#answered, this.#refused);
  }

  /**
   * Commands of one turn of the event loop leave in one packet: writing one costs as much as the
   * rest of what it takes to ask for something.
   */
  #gather(): void {
    this.#isGathering = true;
    this.#client.stream.cork();
    setImmediate(sendGathered, this);
  }

  /** Called at the end of a turn. */
  sendGathered(): void {
    this.#isGathering = false;
    this.#client.stream.uncork();
  }

  readonly #answered = (reply: unknown): RedisReply => {
    this.#pending--;
    return reply as RedisReply;
  };

  readonly #refused = (error: unknown): never => {
    this.#pending--;
    throw this.alive ? error : this.#reason(error);
  };

  close(): void {
    this.#client.disconnect();
  }

  async #start({ username, password, database }: RedisAddress): Promise<void> {
    await this.#client.connect();
    if (password !== undefined) {
      await this.call("AUTH", username === undefined ? [password] : [username, password]);
    }
    if (database !== 0) await this.call("SELECT", [String(database)]);
  }

  #abort(error: Error): void {
    this.#aborted = error;
    this.close();
  }

  /** The client says "closed" for everything; what closed it tells more. */
  #reason(error: unknown): unknown {
    if (this.#aborted !== undefined) return this.#aborted;
    return this.#lastError === undefined || !/closed|writeable/i.test(errorText(error))
      ? error
      : this.#lastError;
  }
}

function sendGathered(connection: RedisConnection): void {
  connection.sendGathered();
}

function newClient(address: RedisAddress, network: OutboundNetwork): Redis {
  return new Redis({
    lazyConnect: true,
    // Guests talk RESP2, whatever the server knows: results look as they do in Spin.
    protocol: 2,
    stringNumbers: true,
    disableClientInfo: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    Connector: connectorTo(address, network),
  });
}

/** What ioredis asks for a stream; it makes one for each client. */
function connectorTo(address: RedisAddress, network: OutboundNetwork): new () => AbstractConnector {
  return class extends AbstractConnector {
    constructor() {
      super(0);
    }

    override disconnect(): void {
      this.stream?.destroy();
    }

    connect(): Promise<Socket> {
      const socket = openSocket(address, network);
      this.stream = socket;
      const { promise, resolve, reject } = Promise.withResolvers<Socket>();
      const event = address.tls === "none" ? "connect" : "secureConnect";
      socket.once(event, () => resolve(socket));
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("the server closed the connection")));
      return promise;
    }
  };
}

function openSocket({ host, port, tls }: RedisAddress, network: OutboundNetwork): Socket {
  const ca = trustedAuthorities(network);
  const socket = connectOutbound(network, {
    host,
    port: port ?? redisPort,
    ...(tls !== "none" && {
      tls: { rejectUnauthorized: tls === "verified", ...(ca !== undefined && { ca }) },
    }),
  });
  markReplies(socket);
  return socket;
}

/** See {@link ReplyMarker}: bytes are marked before anybody reads them. */
function markReplies(socket: Socket): void {
  const marker = new ReplyMarker();
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk instanceof Uint8Array) marker.mark(chunk);
    return push(chunk, encoding);
  };
}
