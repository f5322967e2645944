import { err, type HostInterface, ok, type Result } from "../../instance/host-interface.ts";
import type { Awaitable } from "../key-value/key-value-store.ts";
import { executeStatement, openConnection, type SqliteError } from "./sqlite-calls.ts";
import type { QueryResult, SqliteValue } from "./sqlite-database.ts";
import type { ConnectionHandle, SqliteScope } from "./sqlite-scope.ts";

const invalidConnection = err({ tag: "invalid-connection" } as const);

function open(scope: SqliteScope, database: string): Awaitable<Result<number, SqliteError>> {
  const opened = openConnection(scope, database);
  return opened instanceof Promise
    ? opened.then((result) => numbered(scope, result))
    : numbered(scope, opened);
}

function numbered(
  { sqlite }: SqliteScope,
  result: Result<ConnectionHandle, SqliteError>,
): Result<number, SqliteError> {
  return result.tag === "err" ? result : ok(sqlite.number(result.val));
}

function execute(
  { sqlite }: SqliteScope,
  number: number,
  statement: string,
  parameters: SqliteValue[],
): Awaitable<Result<QueryResult, SqliteError>> {
  const handle = sqlite.numbered(number);
  return handle === undefined ? invalidConnection : executeStatement(handle, statement, parameters);
}

/** fermyon:spin/sqlite without a version (Spin 1): connections are numbers. */
export const sqliteV1: HostInterface<SqliteScope> = {
  name: "fermyon:spin/sqlite",
  version: undefined,
  functions: {
    open,
    execute,
    close: ({ sqlite }: SqliteScope, number: number): void => sqlite.closeNumbered(number),
  },
  suspending: new Set(["open", "execute"]),
  resources: {},
};
