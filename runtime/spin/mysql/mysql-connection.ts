import type { Socket } from "node:net";
import { type Connection, type ConnectionOptions, createConnection } from "mysql2";
import { limits } from "../../limits.ts";
import type { Poolable } from "../network/lease-pool.ts";
import { connectOutbound, type OutboundNetwork } from "../network/outbound-network.ts";
import { trustedAuthorities } from "../network/trusted-authorities.ts";
import type { MysqlAddress } from "./mysql-address.ts";
import type { MysqlField } from "./mysql-values.ts";

/** Where the rows of a statement go. */
export interface MysqlSink {
  columns(fields: readonly MysqlField[]): void;
  row(values: readonly unknown[]): void;
}

/** The parts of mysql2 that its types leave out. */
interface Internals {
  packetParser: { execute(data: Buffer): void };
  readonly stream: Socket;
}

const statementsMax = 64;

/** A connection to a MySQL server; statements run one after the other. */
export class MysqlConnection implements Poolable {
  readonly #client: Connection;
  #alive = true;
  #reason: unknown = new Error("the server closed the connection");
  /** Told when the connection is lost, which the client does not tell each statement. */
  readonly #running = new Set<(error: unknown) => void>();

  private constructor(client: Connection) {
    this.#client = client;
    const internals = client as unknown as Internals;
    guardParser(internals);
    client.on("error", (error) => {
      this.#alive = false;
      this.#reason = error;
    });
    internals.stream.once("close", () => {
      this.#alive = false;
      for (const lost of this.#running) lost(this.#reason);
    });
  }

  /** Connects and logs in. Rejects with the reason. */
  static open(address: MysqlAddress, network: OutboundNetwork): Promise<MysqlConnection> {
    const client = createConnection(clientOptions(address, network));
    const connection = new MysqlConnection(client);
    const { promise, resolve, reject } = Promise.withResolvers<MysqlConnection>();
    client.connect((error) => {
      if (error === null) return resolve(connection);
      connection.close();
      reject(error);
    });
    return promise;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Prepares and runs a statement; what the sink throws, rejects when all rows have been read. */
  run(text: string, values: readonly unknown[], sink: MysqlSink): Promise<void> {
    if (!this.#alive) return Promise.reject(this.#reason);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#running.add(reject);
    let failure: unknown;
    const attempt = (use: () => void): void => {
      if (failure !== undefined) return;
      try {
        use();
      } catch (error) {
        failure = error;
      }
    };
    const options = { sql: text, values: [...values], rowsAsArray: true };
    this.#client
      .execute(options)
      .on("error", (error) => {
        failure ??= error;
      })
      .on("fields", (fields: readonly MysqlField[] | undefined) => {
        if (Array.isArray(fields)) attempt(() => sink.columns(fields));
      })
      .on("result", (row: unknown) => {
        if (Array.isArray(row)) attempt(() => sink.row(row));
      })
      .on("end", () => (failure === undefined ? resolve() : reject(failure)));
    return promise.finally(() => this.#running.delete(reject));
  }

  /** No more rows arrive until {@link resume}. */
  pause(): void {
    this.#client.pause();
  }

  resume(): void {
    this.#client.resume();
  }

  /** Leaves nothing of the last user: no transaction, variable, lock or temporary table. */
  reset(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const lost = (): void => resolve(false);
    this.#running.add(lost);
    this.#client.reset((error) => resolve(error === null || error === undefined));
    return promise.finally(() => this.#running.delete(lost));
  }

  close(): void {
    this.#alive = false;
    this.#client.destroy();
  }
}

function clientOptions(address: MysqlAddress, network: OutboundNetwork): ConnectionOptions {
  const { host, port = 3306, user, password, database, isSecure } = address;
  const ca = trustedAuthorities(network);
  return {
    ...{ host, port, user, password, database },
    stream: () => connectOutbound(network, { host, port }),
    connectTimeout: network.connectMsMax ?? limits.serverConnectMsMax,
    maxPreparedStatements: statementsMax,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    // A server may not ask for files of this machine.
    flags: ["-LOCAL_FILES"],
    ...(isSecure && {
      ssl: { rejectUnauthorized: true, verifyIdentity: true, ...(ca !== undefined && { ca }) },
    }),
  };
}

/** What the client throws over the bytes of a server, ends the connection and not the process. */
function guardParser(client: Internals): void {
  const parser = client.packetParser;
  client.packetParser = {
    execute(data) {
      try {
        parser.execute(data);
      } catch (error) {
        client.stream.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    },
  };
}
