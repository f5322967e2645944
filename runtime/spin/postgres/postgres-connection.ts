import { Client, type ClientConfig, type Connection } from "pg";
import { errorText } from "../../error.ts";
import { limits } from "../../limits.ts";
import type { Poolable } from "../network/lease-pool.ts";
import { type OutboundNetwork, OutboundSocket } from "../network/outbound-network.ts";
import { trustedAuthorities } from "../network/trusted-authorities.ts";
import { discard, GuardedConnection } from "./guarded-connection.ts";
import type { PostgresAddress, PostgresHost } from "./postgres-address.ts";
import { PostgresStatement } from "./postgres-statement.ts";
import { TypeNames } from "./type-names.ts";

export interface PostgresTarget {
  readonly address: PostgresAddress;
  /** Certificate of an authority, PEM, that the guest trusts. */
  readonly caRoot: string | undefined;
}

/** A connection to a PostgreSQL server; statements run one after the other. */
export class PostgresConnection implements Poolable {
  readonly typeNames = new TypeNames();
  readonly #client: Client;
  #alive = true;
  /** The one that was given last. */
  #statement: PostgresStatement | undefined;
  /** Something of the last user may still be there. */
  #isUsed = false;
  #usedAtMs = 0;
  #cleaning: NodeJS.Timeout | undefined;

  private constructor(client: Client) {
    this.#client = client;
    client.on("error", () => {
      this.#alive = false;
    });
    client.on("end", () => {
      this.#alive = false;
    });
  }

  /** Connects to the first host that accepts and logs in. Rejects with the last reason. */
  static async open(target: PostgresTarget, network: OutboundNetwork): Promise<PostgresConnection> {
    const { hosts, isShuffled, user } = target.address;
    if (user === undefined) throw new Error("invalid configuration: user missing");
    let failure: unknown = new Error("invalid configuration: host missing");
    for (const host of isShuffled ? shuffled(hosts) : hosts) {
      try {
        return await PostgresConnection.#openHost(target, host, network);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  static async #openHost(
    target: PostgresTarget,
    host: PostgresHost,
    network: OutboundNetwork,
  ): Promise<PostgresConnection> {
    const { sslMode, targetSession } = target.address;
    let connection: PostgresConnection;
    try {
      connection = await PostgresConnection.#connect(target, {
        host,
        network,
        ssl: sslMode !== "disable",
      });
    } catch (error) {
      const isPlain = /does not support SSL/.test(errorText(error));
      if (sslMode !== "prefer" || !isPlain) throw error;
      connection = await PostgresConnection.#connect(target, { host, network, ssl: false });
    }
    if (targetSession !== "any" && !(await connection.#isSession(targetSession))) {
      connection.close();
      throw new Error("database does not allow writes, or does, against target_session_attrs");
    }
    return connection;
  }

  static async #connect(target: PostgresTarget, way: Way): Promise<PostgresConnection> {
    const client = new Client(clientConfig(target, way));
    const connection = new PostgresConnection(client);
    try {
      await client.connect();
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Runs a statement when those before are done; resolves as {@link PostgresStatement.done}. */
  run(statement: PostgresStatement): Promise<number> {
    const before = this.#statement;
    this.#statement = statement;
    if (before === undefined || before.isDone) return this.#send(statement);
    const send = (): Promise<number> => this.#send(statement);
    return before.done.then(send, send);
  }

  #send(statement: PostgresStatement): Promise<number> {
    statement.needsDiscard = this.#isUsed;
    this.#isUsed = false;
    try {
      this.#client.query(statement);
    } catch (error) {
      // Half of it may have been sent: nobody can use the connection any more.
      this.close();
      throw error;
    }
    return statement.done;
  }

  /**
   * Leaves nothing of the last user: no transaction, setting, lock or temporary table. What is left
   * outside of a transaction goes in the same packet with the next user's first statement, or when
   * there is none for a moment: a round trip of its own would cost as much as a short statement.
   */
  reset(): boolean | Promise<boolean> {
    // A guest that was given up may have left a statement under way.
    if (this.#statement?.isDone === false || !this.#isOutside()) return this.#endTransaction();
    this.#leaveUsed();
    return true;
  }

  async #endTransaction(): Promise<boolean> {
    await this.#statement?.done.catch(() => undefined);
    if (!this.#isOutside()) await this.#simple("ROLLBACK");
    this.#leaveUsed();
    return this.#isOutside();
  }

  /** No transaction is open. */
  #isOutside(): boolean {
    return this.#client.getTransactionStatus() === "I";
  }

  #leaveUsed(): void {
    this.#isUsed = true;
    this.#usedAtMs = performance.now();
    this.#cleaning ??= this.#cleanIn(limits.databaseCleanMsMax);
  }

  #cleanIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#clean(), ms).unref();
  }

  #clean(): void {
    this.#cleaning = undefined;
    if (!this.#isUsed || !this.#alive) return;
    const leftMs = this.#usedAtMs + limits.databaseCleanMsMax - performance.now();
    if (leftMs > 0) {
      // It had other users meanwhile.
      this.#cleaning = this.#cleanIn(Math.ceil(leftMs));
      return;
    }
    this.#isUsed = false;
    this.#simple(discard).catch(() => this.close());
  }

  close(): void {
    clearTimeout(this.#cleaning);
    this.#alive = false;
    this.#client.end().catch(() => undefined);
    // A server that does not answer would keep the socket open.
    this.#client.connection.stream.destroy();
  }

  async #simple(text: string): Promise<string | undefined> {
    let value: string | undefined;
    const sink = {
      columns: () => undefined,
      row: ([first]: readonly (Buffer | null)[]) => {
        value = first?.toString();
      },
    };
    await this.run(new PostgresStatement({ text, values: [] }, sink));
    return value;
  }

  async #isSession(wanted: "read-write" | "read-only"): Promise<boolean> {
    const isReadOnly = (await this.#simple("SHOW transaction_read_only")) === "on";
    return isReadOnly === (wanted === "read-only");
  }
}

interface Way {
  readonly host: PostgresHost;
  readonly network: OutboundNetwork;
  readonly ssl: boolean;
}

/**
 * Everything is said here, because the client would ask the environment and files of this machine
 * for what is absent.
 */
function clientConfig({ address, caRoot }: PostgresTarget, way: Way): ClientConfig {
  const { host, port = 5432 } = way.host;
  const { user = "", database = user, options, applicationName } = address;
  const ca = trustedAuthorities(way.network, caRoot === undefined ? [] : [caRoot]);
  const ssl = way.ssl ? (ca === undefined ? true : { ca }) : false;
  const connection = new GuardedConnection({
    stream: () => new OutboundSocket(way.network),
    ssl,
    keepAlive: true,
    sslnegotiation: address.sslNegotiation,
    // pg reads this spelling here, and the other one below.
    ...({ sslNegotiation: address.sslNegotiation } as object),
  });
  const config: ClientConfig & { readonly connection: Connection } = {
    ...{ host, port, user, database, ssl, connection },
    password: () => address.password ?? "",
    sslnegotiation: address.sslNegotiation,
    enableChannelBinding: way.ssl && address.channelBinding !== "disable",
    connectionTimeoutMillis: connectMs(address, way.network),
    ...(options !== undefined && { options }),
    ...(applicationName !== undefined && { application_name: applicationName }),
  };
  return config;
}

function connectMs(address: PostgresAddress, network: OutboundNetwork): number {
  const longest = network.connectMsMax ?? limits.serverConnectMsMax;
  const { connectTimeoutSeconds } = address;
  return connectTimeoutSeconds === undefined
    ? longest
    : Math.min(longest, connectTimeoutSeconds * 1000);
}

function shuffled<T>(items: readonly T[]): T[] {
  const found = [...items];
  for (let index = found.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1));
    [found[index], found[other]] = [found[other] as T, found[index] as T];
  }
  return found;
}
