import {
  err,
  type HostInterface,
  ok,
  type Result,
  type StreamSource,
} from "../../instance/host-interface.ts";
import type { Awaitable } from "../key-value/key-value-store.ts";
import {
  connectionChanges,
  executeStatement,
  lastInsertRowid,
  openConnection,
  type SqliteError,
} from "./sqlite-calls.ts";
import type { QueryResult, SqliteRow, SqliteValue } from "./sqlite-database.ts";
import type { ConnectionHandle, SqliteScope } from "./sqlite-scope.ts";

function execute(
  _: SqliteScope,
  connection: ConnectionHandle,
  statement: string,
  parameters: SqliteValue[],
): Awaitable<Result<QueryResult, SqliteError>> {
  return executeStatement(connection, statement, parameters);
}

type RowAnswer = [readonly string[], StreamSource<SqliteRow>, Promise<Result<void, SqliteError>>];

/** Rows that are there already, handed over as the guest takes them. */
class RowSource implements StreamSource<SqliteRow> {
  readonly #rows: readonly SqliteRow[];
  #next = 0;

  constructor(rows: readonly SqliteRow[]) {
    this.#rows = rows;
  }

  pull(max: number): readonly SqliteRow[] | undefined {
    if (this.#next >= this.#rows.length) return undefined;
    const start = this.#next;
    this.#next += max;
    return this.#rows.slice(start, this.#next);
  }
}

/**
 * A statement runs to its end before the first row is handed over: one that waited for a slow
 * guest would hold a lock of the database meanwhile. What is wrong with the statement comes by
 * the future, as in Spin.
 */
async function executeAsync(
  scope: SqliteScope,
  handle: ConnectionHandle,
  statement: string,
  parameters: SqliteValue[],
): Promise<Result<RowAnswer, SqliteError>> {
  const result = await execute(scope, handle, statement, parameters);
  const { columns, rows } = result.tag === "ok" ? result.val : { columns: [], rows: [] };
  const end = result.tag === "ok" ? ok(undefined) : err(result.val);
  return ok<RowAnswer>([columns, new RowSource(rows), Promise.resolve(end)]);
}

const connection = {
  drop: ({ sqlite }: SqliteScope, handle: object): void => sqlite.close(handle as ConnectionHandle),
};

/** fermyon:spin/sqlite@2.0.0. */
export const sqliteV2: HostInterface<SqliteScope> = {
  name: "fermyon:spin/sqlite",
  version: "2.0.0",
  functions: {
    "[static]connection.open": openConnection,
    "[method]connection.execute": execute,
  },
  suspending: new Set(["[static]connection.open", "[method]connection.execute"]),
  resources: { connection },
};

/** spin:sqlite/sqlite@3.1.0; also serves 3.0.0, which lacks the functions named -async. */
export const sqliteV3: HostInterface<SqliteScope> = {
  name: "spin:sqlite/sqlite",
  version: "3.1.0",
  functions: {
    "[static]connection.open": openConnection,
    "[method]connection.execute": execute,
    "[method]connection.changes": connectionChanges,
    "[method]connection.last-insert-rowid": lastInsertRowid,
    "[static]connection.open-async": openConnection,
    "[method]connection.execute-async": executeAsync,
    "[method]connection.changes-async": connectionChanges,
    "[method]connection.last-insert-rowid-async": lastInsertRowid,
  },
  suspending: new Set([
    "[static]connection.open",
    "[method]connection.execute",
    "[method]connection.changes",
    "[method]connection.last-insert-rowid",
  ]),
  resources: { connection },
};
