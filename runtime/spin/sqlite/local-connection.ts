import { constants, DatabaseSync, type StatementSync } from "node:sqlite";
import { errorText } from "../../error.ts";
import { limits } from "../../limits.ts";
import type { LocalDatabaseOptions } from "./local-database.ts";
import { sqlParameters } from "./sql-parameters.ts";
import { QuerySize } from "./query-size.ts";
import {
  type QueryResult,
  type SqliteConnection,
  SqliteFailure,
  type SqliteRow,
  type SqliteValue,
} from "./sqlite-database.ts";
import { type PlainValue, plainValue, sqliteValue } from "./sqlite-value.ts";
import { enableWriteAheadLog } from "./write-ahead-log.ts";

/** Result code of SQLite for a full disk or a file that has reached its maximum. */
const sqliteFull = 13;

/** Settings of the whole process or of its thread: a guest may say them, but nothing happens. */
const processPragmas = new Set([
  "soft_heap_limit",
  "hard_heap_limit",
  "temp_store_directory",
  "data_store_directory",
  "busy_timeout",
]);

/** What stays in a connection when the transaction is over, so that the next guest could see it. */
const lastingActions: ReadonlySet<number> = new Set([
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
  constants.SQLITE_PRAGMA,
  constants.SQLITE_CREATE_TEMP_INDEX,
  constants.SQLITE_CREATE_TEMP_TABLE,
  constants.SQLITE_CREATE_TEMP_TRIGGER,
  constants.SQLITE_CREATE_TEMP_VIEW,
  constants.SQLITE_CREATE_VTABLE,
]);

interface PreparedStatement {
  readonly statement: StatementSync;
  readonly inserts: boolean;
  readonly changes: boolean;
  /** Their names by SQLite's number, from 1 on. */
  readonly parameters: readonly (string | undefined)[];
}

/** SQL functions that tell what happened in the connection, which may be an earlier guest's. */
const connectionFunctions = /\b(?:total_)?changes\b|\blast_insert_rowid\b/i;

/** A connection of node:sqlite; works synchronously. */
export class LocalConnection implements SqliteConnection {
  #database: DatabaseSync;
  readonly #options: LocalDatabaseOptions;
  readonly #take: (connection: LocalConnection) => boolean;
  /** In the order of use: the first is the one not used for the longest time. */
  readonly #statements = new Map<string, PreparedStatement>();
  /** What the authorizer saw while the newest statement was prepared. */
  #seen = { inserts: false, changes: false };
  #leavesTraces = false;
  #hadOtherGuest = false;
  /** What the guest of now has done; SQLite would still tell of an earlier one. */
  #hasInserted = false;
  #hasChanged = false;
  #counters: StatementSync | undefined;

  constructor(options: LocalDatabaseOptions, take: (connection: LocalConnection) => boolean) {
    this.#take = take;
    this.#options = options;
    this.#database = this.#open();
  }

  execute(text: string, parameters: readonly SqliteValue[]): QueryResult {
    try {
      const prepared = this.#prepare(text);
      if (prepared === undefined) return { columns: [], rows: [] };
      const rows = readRows(prepared, parameters);
      this.#hasChanged ||= prepared.changes;
      this.#hasInserted ||= prepared.inserts && this.#counter(0) > 0n;
      // Only now: SQLite prepares a kept statement again when the schema has changed.
      return { columns: prepared.statement.columns().map(({ name }) => name), rows };
    } catch (error) {
      if (resultCode(error) === sqliteFull) {
        throw new SqliteFailure("database-full", errorText(error), { cause: error });
      }
      throw error;
    }
  }

  changes(): bigint {
    return this.#hasChanged ? this.#counter(0) : 0n;
  }

  lastInsertRowid(): bigint {
    return this.#hasInserted ? this.#counter(1) : 0n;
  }

  close(): void {
    if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    this.#hadOtherGuest = true;
    this.#hasInserted = false;
    this.#hasChanged = false;
    if (this.#leavesTraces || !this.#take(this)) this.destroy();
  }

  /** Closes the file. */
  destroy(): void {
    this.#statements.clear();
    this.#counters = undefined;
    this.#database.close();
  }

  #authorize(action: number, first: string | null): number {
    if (lastingActions.has(action)) this.#leavesTraces = true;
    if (action === constants.SQLITE_INSERT) this.#seen = { inserts: true, changes: true };
    if (action === constants.SQLITE_UPDATE || action === constants.SQLITE_DELETE) {
      this.#seen.changes = true;
    }
    // A name that is computed is not known here and could be any file.
    if (action === constants.SQLITE_ATTACH && !this.#options.allowAttachFile) {
      return first === "" || first === ":memory:" ? constants.SQLITE_OK : constants.SQLITE_DENY;
    }
    if (action === constants.SQLITE_PRAGMA && processPragmas.has(first?.toLowerCase() ?? "")) {
      return constants.SQLITE_IGNORE;
    }
    return constants.SQLITE_OK;
  }

  /** Undefined for a text without a statement. */
  #prepare(text: string): PreparedStatement | undefined {
    if (this.#hadOtherGuest && connectionFunctions.test(text)) this.#forgetOtherGuests();
    const known = this.#statements.get(text);
    if (known !== undefined) {
      this.#statements.delete(text);
      this.#statements.set(text, known);
      return known;
    }
    let statement: StatementSync;
    this.#seen = { inserts: false, changes: false };
    try {
      statement = this.#database.prepare(text);
    } catch (error) {
      if (isEmptyText(error)) return undefined;
      throw error;
    }
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    statement.setAllowBareNamedParameters(false);
    const prepared = {
      statement,
      parameters: sqlParameters(text),
      ...this.#seen,
    };
    this.#keep(text, prepared);
    return prepared;
  }

  #keep(text: string, prepared: PreparedStatement): void {
    if (text.length > limits.sqliteKeptTextCharsMax) return;
    const oldest = this.#statements.keys().next();
    if (this.#statements.size >= limits.sqliteStatementsMax && oldest.done === false) {
      this.#statements.delete(oldest.value);
    }
    this.#statements.set(text, prepared);
  }

  #counter(index: 0 | 1): bigint {
    if (this.#counters === undefined) {
      this.#counters = this.#database.prepare("SELECT changes(), last_insert_rowid()");
      this.#counters.setReadBigInts(true);
      this.#counters.setReturnArrays(true);
    }
    const row = this.#counters.get() as unknown as readonly bigint[] | undefined;
    return row?.[index] ?? 0n;
  }

  /** The counters of SQLite cannot be put back: a guest who asks for them gets a new connection. */
  #forgetOtherGuests(): void {
    const isUsed = this.#hasChanged || this.#leavesTraces || this.#database.isTransaction;
    if (!this.#hadOtherGuest || isUsed || this.#options.path === undefined) return;
    this.destroy();
    this.#database = this.#open();
    this.#hadOtherGuest = false;
  }

  #open(): DatabaseSync {
    const { path } = this.#options;
    const database = new DatabaseSync(path ?? ":memory:", {
      timeout: limits.sqliteBusyMsMax,
      limits: { length: limits.bufferedBodyBytesMax },
    });
    if (path !== undefined) enableWriteAheadLog(database);
    database.setAuthorizer((action, first) => this.#authorize(action, first));
    return database;
  }
}

function readRows(prepared: PreparedStatement, values: readonly SqliteValue[]): SqliteRow[] {
  const size = new QuerySize();
  const rows: SqliteRow[] = [];
  for (const row of iterateRows(prepared, values)) {
    const wireValues = (row as readonly PlainValue[]).map(sqliteValue);
    for (const value of wireValues) size.add(value);
    rows.push({ values: wireValues });
  }
  return rows;
}

/**
 * The guest's values go by number. node:sqlite takes them so for `?` alone: it wants those with a
 * name in an object before the others.
 */
function iterateRows(
  { statement, parameters }: PreparedStatement,
  values: readonly SqliteValue[],
): Iterable<unknown> {
  if (parameters.length !== values.length) {
    throw new Error(
      `Wrong number of parameters passed to query. Got ${values.length}, needed ${parameters.length}`,
    );
  }
  const anonymous: PlainValue[] = [];
  let named: Record<string, PlainValue> | undefined;
  for (const [index, value] of values.entries()) {
    const name = parameters[index];
    if (name === undefined) anonymous.push(plainValue(value));
    else (named ??= {})[name] = plainValue(value);
  }
  return named === undefined
    ? statement.iterate(...anonymous)
    : statement.iterate(named, ...anonymous);
}

function resultCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
}

function isEmptyText(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_INVALID_ARG_VALUE";
}
