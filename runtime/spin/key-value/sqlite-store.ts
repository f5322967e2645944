import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { limits } from "../../limits.ts";
import { enableWriteAheadLog } from "../sqlite/write-ahead-log.ts";
import {
  AnswerSize,
  boundedValue,
  type CompareAndSwap,
  type KeyValuePair,
  type KeyValueStore,
} from "./key-value-store.ts";

/** Spin's table, so that existing data opens; all labels of a file share it. */
const createTable = `CREATE TABLE IF NOT EXISTS spin_key_value (
  store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key))`;

const upsert = `INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
  ON CONFLICT (store, key) DO UPDATE SET value = ?3`;

interface Statements {
  readonly get: StatementSync;
  readonly exists: StatementSync;
  readonly set: StatementSync;
  readonly insert: StatementSync;
  readonly replace: StatementSync;
  readonly delete: StatementSync;
  readonly keys: StatementSync;
}

/**
 * A store in a SQLite file, or in memory where there is no path. Works synchronously: a read or a
 * write takes microseconds, less than the way to a thread and back. Opened with the first use.
 */
export class SqliteKeyValueStore implements KeyValueStore {
  readonly summary: string;
  readonly #path: string | undefined;
  readonly #label: string;
  #database: DatabaseSync | undefined;
  #statements: Statements | undefined;

  constructor(label: string, path: string | undefined) {
    this.#label = label;
    this.#path = path;
    this.summary = path === undefined ? "a temporary in-memory store" : `"${path}"`;
  }

  get(key: string): Uint8Array | undefined {
    const row = this.#prepared.get.get(this.#label, key);
    return row === undefined ? undefined : boundedValue(valueOf(row));
  }

  set(key: string, value: Uint8Array): void {
    this.#prepared.set.run(this.#label, key, value);
  }

  delete(key: string): void {
    this.#prepared.delete.run(this.#label, key);
  }

  exists(key: string): boolean {
    return this.#prepared.exists.get(this.#label, key) !== undefined;
  }

  getKeys(): string[] {
    const keys: string[] = [];
    const size = new AnswerSize();
    for (const row of this.#prepared.keys.iterate(this.#label)) {
      const key = String(row["key"]);
      size.add(key, undefined);
      keys.push(key);
    }
    return keys;
  }

  // A cursor that waits for a slow guest would keep the file's log from being cleaned up, so the
  // keys are read at once.
  async *iterateKeys(): AsyncGenerator<string> {
    yield* this.getKeys();
  }

  getMany(keys: readonly string[]): KeyValuePair[] {
    const size = new AnswerSize();
    return keys.map((key) => {
      const value = this.get(key);
      size.add(key, value);
      return [key, value];
    });
  }

  setMany(pairs: readonly (readonly [string, Uint8Array])[]): void {
    this.#transaction(() => {
      for (const [key, value] of pairs) this.set(key, value);
    });
  }

  deleteMany(keys: readonly string[]): void {
    this.#transaction(() => {
      for (const key of keys) this.delete(key);
    });
  }

  /** Numbers are 8 bytes, little-endian, as Spin keeps them. */
  increment(key: string, delta: bigint): bigint {
    return this.#transaction(() => {
      const old = this.get(key);
      if (old !== undefined && old.byteLength !== 8) {
        throw new Error(`the value of "${key}" is not a number: ${old.byteLength} bytes, not 8`);
      }
      const number = old === undefined ? 0n : dataView(old).getBigInt64(0, true);
      const sum = number + delta;
      if (BigInt.asIntN(64, sum) !== sum) throw new Error(`"${key}" would leave the range of s64`);
      const bytes = new Uint8Array(8);
      dataView(bytes).setBigInt64(0, sum, true);
      this.set(key, bytes);
      return sum;
    });
  }

  compareAndSwap(key: string): CompareAndSwap {
    let seen: Uint8Array | undefined | "anything" = "anything";
    return {
      current: () => {
        const value = this.get(key);
        seen = value;
        return value;
      },
      swap: (value) => this.#swap(key, seen, value),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database?.close();
    this.#database = undefined;
    this.#statements = undefined;
  }

  #swap(key: string, seen: Uint8Array | undefined | "anything", value: Uint8Array): boolean {
    if (seen === "anything") {
      this.set(key, value);
      return true;
    }
    const { insert, replace } = this.#prepared;
    const { changes } =
      seen === undefined
        ? insert.run(this.#label, key, value)
        : replace.run(this.#label, key, seen, value);
    return Number(changes) === 1;
  }

  #transaction<T>(run: () => T): T {
    const database = this.#open();
    // Immediate: a lock that is taken later could not be waited for.
    database.exec("BEGIN IMMEDIATE");
    try {
      const value = run();
      database.exec("COMMIT");
      return value;
    } catch (error) {
      database.exec("ROLLBACK");
      throw error;
    }
  }

  get #prepared(): Statements {
    return (this.#statements ??= prepareStatements(this.#open()));
  }

  #open(): DatabaseSync {
    return (this.#database ??= openDatabase(this.#path));
  }
}

function openDatabase(path: string | undefined): DatabaseSync {
  if (path !== undefined) mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path ?? ":memory:", { timeout: limits.sqliteBusyMsMax });
  // A commit needs no fsync then: only a crash of the machine, not of the process, can lose the
  // last ones, and the file stays whole.
  if (enableWriteAheadLog(database)) database.exec("PRAGMA synchronous = NORMAL");
  database.exec(createTable);
  return database;
}

function prepareStatements(database: DatabaseSync): Statements {
  const where = "FROM spin_key_value WHERE store = ?1 AND key = ?2";
  return {
    get: database.prepare(`SELECT value ${where}`),
    exists: database.prepare(`SELECT 1 ${where}`),
    set: database.prepare(upsert),
    insert: database.prepare(
      `INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
       ON CONFLICT (store, key) DO NOTHING`,
    ),
    replace: database.prepare(
      "UPDATE spin_key_value SET value = ?4 WHERE store = ?1 AND key = ?2 AND value = ?3",
    ),
    delete: database.prepare(`DELETE ${where}`),
    keys: database.prepare("SELECT key FROM spin_key_value WHERE store = ?1"),
  };
}

/** A file written by others may have text where Spin writes bytes. */
function valueOf(row: Record<string, unknown>): Uint8Array {
  const { value } = row;
  return value instanceof Uint8Array ? value : Buffer.from(String(value));
}

function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
