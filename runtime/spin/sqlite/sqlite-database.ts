import type { Awaitable } from "../key-value/key-value-store.ts";

/** `value` of spin:sqlite, the same in all versions. */
export type SqliteValue =
  | { readonly tag: "integer"; readonly val: bigint }
  | { readonly tag: "real"; readonly val: number }
  | { readonly tag: "text"; readonly val: string }
  | { readonly tag: "blob"; readonly val: Uint8Array }
  | { readonly tag: "null"; readonly val?: undefined };

export interface SqliteRow {
  readonly values: readonly SqliteValue[];
}

export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly SqliteRow[];
}

/** A database behind a label: shared by all instances of an app. */
export interface SqliteDatabase extends AsyncDisposable {
  /** For people: `libSQL at https://...`. */
  readonly summary: string;
  /** A connection of its own for one guest: transactions belong to it. Throws SqliteFailure. */
  connect(): Awaitable<SqliteConnection>;
}

/** One guest's connection; its calls come one after the other. */
export interface SqliteConnection {
  /** Runs the first statement of the text. Throws an Error with SQLite's message. */
  execute(statement: string, parameters: readonly SqliteValue[]): Awaitable<QueryResult>;
  /** Rows changed by the last INSERT, UPDATE or DELETE. */
  changes(): Awaitable<bigint>;
  lastInsertRowid(): Awaitable<bigint>;
  /** Rolls back what is not committed. */
  close(): void;
}

/** A failure that the interface has a case for; all others are `io`. */
export class SqliteFailure extends Error {
  override readonly name = "SqliteFailure";
  readonly tag: "invalid-connection" | "database-full";

  constructor(
    tag: "invalid-connection" | "database-full",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.tag = tag;
  }
}
