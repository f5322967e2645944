import { expect } from "vitest";
import type { HostInterface } from "../../instance/host-interface.ts";
import { LocalDatabase } from "./local-database.ts";
import { sqliteV3 } from "./sqlite.ts";
import type { SqliteDatabase, SqliteRow, SqliteValue } from "./sqlite-database.ts";
import { type ConnectionHandle, SqliteContext, type SqliteScope } from "./sqlite-scope.ts";

export const ok = (val?: unknown): object => ({ tag: "ok", val });
export const err = (tag: string, val?: unknown): object => ({
  tag: "err",
  val: val === undefined ? { tag } : { tag, val },
});
export const integer = (val: bigint): SqliteValue => ({ tag: "integer", val });
export const text = (val: string): SqliteValue => ({ tag: "text", val });

export function local(path: string | undefined, allowAttachFile = false): LocalDatabase {
  return new LocalDatabase({ path, allowAttachFile });
}

export function scopeOf(
  databases: Readonly<Record<string, SqliteDatabase>>,
  allowed: readonly string[] = Object.keys(databases),
  warnings: string[] = [],
): SqliteScope {
  return {
    sqlite: new SqliteContext({
      allowed: new Set(allowed),
      databases: new Map(Object.entries(databases)),
      warn: (message) => void warnings.push(message),
    }),
  };
}

export async function call(
  host: HostInterface<SqliteScope>,
  scope: SqliteScope,
  name: string,
  ...values: unknown[]
): Promise<unknown> {
  const run = host.functions[name];
  if (run === undefined) throw new Error(`no function ${name}`);
  return run(scope, ...values);
}

export async function opened(scope: SqliteScope): Promise<ConnectionHandle> {
  const result = (await call(sqliteV3, scope, "[static]connection.open", "default")) as {
    tag: string;
    val: ConnectionHandle;
  };
  expect(result.tag).toBe("ok");
  return result.val;
}

export function close(scope: SqliteScope, handle: ConnectionHandle): void {
  sqliteV3.resources["connection"]?.drop?.(scope, handle);
}

export async function run(
  scope: SqliteScope,
  handle: ConnectionHandle,
  statement: string,
  ...parameters: SqliteValue[]
): Promise<unknown> {
  return call(sqliteV3, scope, "[method]connection.execute", handle, statement, parameters);
}

/** Rows as plain values. */
export async function rowsOf(
  scope: SqliteScope,
  handle: ConnectionHandle,
  statement: string,
): Promise<unknown> {
  const result = (await run(scope, handle, statement)) as {
    tag: string;
    val: { rows: SqliteRow[] };
  };
  expect(result).toMatchObject({ tag: "ok" });
  return result.val.rows.map(({ values }) => values.map(({ val }) => val));
}
