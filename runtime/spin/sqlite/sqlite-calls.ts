import { errorText } from "../../error.ts";
import { err, ok, type Result } from "../../instance/host-interface.ts";
import type { Awaitable } from "../key-value/key-value-store.ts";
import { type QueryResult, SqliteFailure, type SqliteValue } from "./sqlite-database.ts";
import type { ConnectionHandle, SqliteContext, SqliteScope } from "./sqlite-scope.ts";

/** `error` of spin:sqlite, the same in all versions. */
export type SqliteError =
  | {
      readonly tag: "no-such-database" | "access-denied" | "invalid-connection" | "database-full";
      readonly val?: undefined;
    }
  | { readonly tag: "io"; readonly val: string };

type Answer<T> = Awaitable<Result<T, SqliteError>>;

/** Opens a connection of its own for the guest. */
export function openConnection({ sqlite }: SqliteScope, label: string): Answer<ConnectionHandle> {
  const database = sqlite.find(label);
  if (database === "too-many")
    return err<SqliteError>({ tag: "io", val: "too many connections opened" });
  if (typeof database === "string") return err<SqliteError>({ tag: database });
  try {
    const connection = database.connect();
    if (!(connection instanceof Promise)) return ok(sqlite.opened(label, connection));
    return connection.then(
      (each) => ok(sqlite.opened(label, each)),
      (error: unknown) => openFailure(sqlite, label, error),
    );
  } catch (error) {
    return openFailure(sqlite, label, error);
  }
}

/** Runs a statement on a connection. */
export function executeStatement(
  { connection }: ConnectionHandle,
  statement: string,
  parameters: readonly SqliteValue[],
): Answer<QueryResult> {
  try {
    const result = connection.execute(statement, parameters);
    return result instanceof Promise ? result.then(ok, failure) : ok(result);
  } catch (error) {
    return failure(error);
  }
}

/** Rows changed by the last change of a connection; what goes wrong traps, as WIT has no error. */
export function connectionChanges(_: SqliteScope, handle: ConnectionHandle): Awaitable<bigint> {
  return handle.connection.changes();
}

/** Row id of the last insert of a connection; what goes wrong traps, as WIT has no error. */
export function lastInsertRowid(_: SqliteScope, handle: ConnectionHandle): Awaitable<bigint> {
  return handle.connection.lastInsertRowid();
}

function openFailure(
  sqlite: SqliteContext,
  label: string,
  error: unknown,
): { readonly tag: "err"; readonly val: SqliteError } {
  sqlite.access.warn(`SQLite database "${label}": ${errorText(error)}`);
  return failure(error);
}

function failure(error: unknown): { readonly tag: "err"; readonly val: SqliteError } {
  if (error instanceof SqliteFailure) return err({ tag: error.tag });
  return err({ tag: "io", val: errorText(error) });
}
