import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { limits } from "../../limits.ts";
import { LocalConnection } from "./local-connection.ts";
import type { SqliteConnection, SqliteDatabase } from "./sqlite-database.ts";

export interface LocalDatabaseOptions {
  /** Without a path each connection has a database of its own in memory, as in Spin. */
  readonly path: string | undefined;
  /** Whether guests may ATTACH files of the host. */
  readonly allowAttachFile: boolean;
}

/**
 * A database in this process. Connections that left nothing behind are kept for the next guest,
 * for opening one takes longer than most queries.
 */
export class LocalDatabase implements SqliteDatabase {
  readonly summary: string;
  readonly #options: LocalDatabaseOptions;
  readonly #idle: LocalConnection[] = [];
  #isDisposed = false;

  constructor(options: LocalDatabaseOptions) {
    this.#options = options;
    const { path } = options;
    this.summary = path === undefined ? "a temporary in-memory database" : `"${path}"`;
  }

  connect(): SqliteConnection {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const { path } = this.#options;
    if (path !== undefined) mkdirSync(dirname(path), { recursive: true });
    return new LocalConnection(this.#options, (connection) => this.#take(connection));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** A connection is no longer used; true if it is kept. */
  #take(connection: LocalConnection): boolean {
    const isKept =
      !this.#isDisposed &&
      this.#options.path !== undefined &&
      this.#idle.length < limits.sqliteIdleConnectionsMax;
    if (isKept) this.#idle.push(connection);
    return isKept;
  }
}
