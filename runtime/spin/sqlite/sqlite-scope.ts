import { limits } from "../../limits.ts";
import type { SqliteConnection, SqliteDatabase } from "./sqlite-database.ts";

/** What the SQLite interfaces need of an instance's context. */
export interface SqliteScope {
  readonly sqlite: SqliteContext;
}

/** What one component may open; the same for all its instances. */
export interface SqliteAccess {
  /** The component's `sqlite_databases`. */
  readonly allowed: ReadonlySet<string>;
  /** Databases of the app by label. */
  readonly databases: ReadonlyMap<string, SqliteDatabase>;
  /** A database cannot be reached: one line for the app's operator. */
  warn(message: string): void;
}

/** A connection that the guest has open. */
export class ConnectionHandle {
  readonly label: string;
  readonly connection: SqliteConnection;

  constructor(label: string, connection: SqliteConnection) {
    this.label = label;
    this.connection = connection;
  }
}

/** The SQLite side of one guest instance: which connections it has open. */
export class SqliteContext {
  readonly access: SqliteAccess;
  #open = 0;
  /** Handles of the interface without resources, where they are numbers. */
  #numbered: Map<number, ConnectionHandle> | undefined;
  #lastNumber = 0;

  constructor(access: SqliteAccess) {
    this.access = access;
  }

  /** The database of a label, or why the guest cannot have it, in the words of the interfaces. */
  find(label: string): SqliteDatabase | "access-denied" | "no-such-database" | "too-many" {
    if (!this.access.allowed.has(label)) return "access-denied";
    const database = this.access.databases.get(label);
    if (database === undefined) return "no-such-database";
    return this.#open >= limits.sqliteConnectionsMax ? "too-many" : database;
  }

  /** The guest gets a connection. */
  opened(label: string, connection: SqliteConnection): ConnectionHandle {
    this.#open++;
    return new ConnectionHandle(label, connection);
  }

  /** The guest dropped a connection. */
  close(handle: ConnectionHandle): void {
    this.#open--;
    handle.connection.close();
  }

  /** Gives a connection a number. */
  number(handle: ConnectionHandle): number {
    this.#numbered ??= new Map();
    this.#numbered.set(this.#lastNumber, handle);
    return this.#lastNumber++;
  }

  numbered(number: number): ConnectionHandle | undefined {
    return this.#numbered?.get(number);
  }

  /** Closes a connection by its number; one that is not open is fine. */
  closeNumbered(number: number): void {
    const handle = this.#numbered?.get(number);
    if (handle === undefined) return;
    this.#numbered?.delete(number);
    this.close(handle);
  }

  /**
   * Closes the connections that have numbers: those are no resources, so nobody else does it when
   * the instance ends.
   */
  [Symbol.dispose](): void {
    for (const number of this.#numbered?.keys() ?? []) this.closeNumbered(number);
  }
}
