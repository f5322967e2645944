import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StreamSource } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import { sqliteV2, sqliteV3 } from "./sqlite.ts";
import type { SqliteDatabase, SqliteRow, SqliteValue } from "./sqlite-database.ts";
import { SqliteFailure } from "./sqlite-database.ts";
import { sqliteV1 } from "./sqlite-v1.ts";
import {
  call,
  close,
  err,
  integer,
  local,
  ok,
  opened,
  rowsOf,
  run,
  scopeOf,
  text,
} from "./test-guest.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "whorl-sqlite-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A database that cannot be reached, in the ways that the interface tells apart. */
function failingDatabase(error: Error): SqliteDatabase {
  return {
    summary: "a failing database",
    connect: () => Promise.reject(error),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

describe.each([
  { name: "fermyon:spin/sqlite@2.0.0", host: sqliteV2, open: "[static]connection.open" },
  { name: "spin:sqlite@3.1.0", host: sqliteV3, open: "[static]connection.open" },
  { name: "spin:sqlite@3.1.0 async", host: sqliteV3, open: "[static]connection.open-async" },
  { name: "fermyon:spin/sqlite of Spin 1", host: sqliteV1, open: "open" },
])("$name open", ({ host, open }) => {
  test.each([
    ["not allowed", "secret", err("access-denied")],
    ["allowed but not there", "missing", err("no-such-database")],
    ["out of reach", "unreachable", err("invalid-connection")],
    ["failing", "failing", err("io", "no such host")],
  ])("of a database that is %s", async (_, label, expected) => {
    const databases = {
      secret: local(undefined),
      unreachable: failingDatabase(new SqliteFailure("invalid-connection", "refused")),
      failing: failingDatabase(new Error("no such host")),
    };
    const scope = scopeOf(databases, ["missing", "unreachable", "failing"]);
    expect(await call(host, scope, open, label)).toEqual(expected);
  });

  test("of more connections than an instance may have", async () => {
    const scope = scopeOf({ default: local(undefined) });
    for (let count = 0; count < limits.sqliteConnectionsMax; count++) {
      expect(await call(host, scope, open, "default")).toMatchObject({ tag: "ok" });
    }
    const refused = err("io", "too many connections opened");
    expect(await call(host, scope, open, "default")).toEqual(refused);
    scope.sqlite[Symbol.dispose]();
  });
});

test("what cannot be reached is one line in the log", async () => {
  const warnings: string[] = [];
  const scope = scopeOf(
    { default: failingDatabase(new Error("no such host")) },
    ["default"],
    warnings,
  );
  await call(sqliteV3, scope, "[static]connection.open", "default");
  expect(warnings).toEqual(['SQLite database "default": no such host']);
});

describe("execute", () => {
  test("values of each type go in and come out as they are", async () => {
    const scope = scopeOf({ default: local(undefined) });
    const handle = await opened(scope);
    const values: SqliteValue[] = [
      integer((1n << 63n) - 1n),
      integer(-(1n << 63n)),
      { tag: "real", val: 2 },
      text("é'\u0000x"),
      { tag: "blob", val: Uint8Array.of(0, 255) },
      { tag: "null" },
    ];
    expect(await run(scope, handle, "SELECT ?1 AS a, ?2 AS a, ?3, ?4, ?5, ?6", ...values)).toEqual(
      ok({ columns: ["a", "a", "?3", "?4", "?5", "?6"], rows: [{ values }] }),
    );
    expect(await rowsOf(scope, handle, "SELECT typeof(2.0), typeof(2)")).toEqual([
      ["real", "integer"],
    ]);
    close(scope, handle);
  });

  test.each([
    ["syntax", "SELEC 1", [], 'near "SELEC": syntax error'],
    ["no such table", "SELECT * FROM nowhere", [], "no such table: nowhere"],
    [
      "too few parameters",
      "SELECT ?, ?",
      [text("a")],
      "Wrong number of parameters passed to query. Got 1, needed 2",
    ],
    [
      "too many parameters",
      "SELECT 1",
      [text("a")],
      "Wrong number of parameters passed to query. Got 1, needed 0",
    ],
    ["constraint", "INSERT INTO t VALUES (1)", [], "UNIQUE constraint failed: t.a"],
    ["ATTACH of a file", "ATTACH './not-allowed.db' AS o", [], "not authorized"],
    ["ATTACH of a computed file", "ATTACH './not-' || 'allowed.db' AS o", [], "not authorized"],
    ["VACUUM INTO a file", "VACUUM INTO './not-allowed.db'", [], "authorization denied"],
    ["an extension", "SELECT load_extension('./x.so')", [], /not authorized|no such function/],
    ["a value that is too long", "SELECT zeroblob(200000000)", [], "string or blob too big"],
  ])("%s is io with SQLite's words", async (_, statement, parameters, message) => {
    const scope = scopeOf({ default: local(undefined) });
    const handle = await opened(scope);
    await run(scope, handle, "CREATE TABLE t (a PRIMARY KEY)");
    await run(scope, handle, "INSERT INTO t VALUES (1)");
    const expected = typeof message === "string" ? message : expect.stringMatching(message);
    expect(await run(scope, handle, statement, ...parameters)).toEqual(err("io", expected));
    expect(existsSync("./not-allowed.db")).toBe(false);
    close(scope, handle);
  });

  test("parameters with names take values by their number", async () => {
    const scope = scopeOf({ default: local(undefined) });
    const handle = await opened(scope);
    const values = [text("1"), text("2"), text("3")];
    expect(await run(scope, handle, "SELECT :b, ?2, @c, :b", ...values)).toMatchObject(
      ok({ rows: [{ values: [text("1"), text("2"), text("3"), text("1")] }] }),
    );
    close(scope, handle);
  });

  test("a full database is database-full", async () => {
    const scope = scopeOf({ default: local(join(folder, "small.db")) });
    const handle = await opened(scope);
    await run(scope, handle, "PRAGMA max_page_count = 4");
    await run(scope, handle, "CREATE TABLE t (a)");
    expect(await run(scope, handle, "INSERT INTO t VALUES (randomblob(1000000))")).toEqual(
      err("database-full"),
    );
    close(scope, handle);
  });

  test("more rows than the host may buffer are refused", async () => {
    const scope = scopeOf({ default: local(undefined) });
    const handle = await opened(scope);
    const many =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) " +
      "SELECT zeroblob(20000000) FROM n";
    expect(await run(scope, handle, many)).toEqual(
      err("io", `query result exceeds limit of ${limits.bufferedBodyBytesMax} bytes`),
    );
    expect(await rowsOf(scope, handle, "SELECT 1")).toEqual([[1n]]);
    close(scope, handle);
  });

  test.each(["", "  ", "-- nothing", ";"])("%j is no statement and no error", async (statement) => {
    const scope = scopeOf({ default: local(undefined) });
    const handle = await opened(scope);
    expect(await run(scope, handle, statement)).toEqual(ok({ columns: [], rows: [] }));
    close(scope, handle);
  });

  test("files may be attached where the config says so, memory always", async () => {
    const path = join(folder, "a.db");
    const other = join(folder, "b.db");
    const scope = scopeOf({ default: local(path, true) });
    const handle = await opened(scope);
    expect(await run(scope, handle, `ATTACH '${other}' AS o`)).toMatchObject({ tag: "ok" });
    const closed = scopeOf({ default: local(path) });
    const memory = await opened(closed);
    expect(await run(closed, memory, "ATTACH ':memory:' AS m")).toMatchObject({ tag: "ok" });
    expect(await run(closed, memory, "VACUUM")).toMatchObject({ tag: "ok" });
    close(scope, handle);
    close(closed, memory);
  });
});

describe("spin:sqlite@3.1.0", () => {
  test("changes and last-insert-rowid, also -async", async () => {
    const scope = scopeOf({ default: local(undefined) });
    const handle = await opened(scope);
    const numbers = async (suffix: string): Promise<unknown[]> => [
      await call(sqliteV3, scope, `[method]connection.changes${suffix}`, handle),
      await call(sqliteV3, scope, `[method]connection.last-insert-rowid${suffix}`, handle),
    ];
    expect(await numbers("")).toEqual([0n, 0n]);
    await run(scope, handle, "CREATE TABLE t (a INTEGER PRIMARY KEY)");
    await run(scope, handle, "INSERT INTO t VALUES (7), (8)");
    expect(await numbers("")).toEqual([2n, 8n]);
    expect(await numbers("-async")).toEqual([2n, 8n]);
    close(scope, handle);
  });

  test("execute-async streams rows and tells of errors by the future", async () => {
    const scope = scopeOf({ default: local(undefined) });
    const handle = await opened(scope);
    const execute = async (
      statement: string,
    ): Promise<[string[], StreamSource<SqliteRow>, Promise<unknown>]> => {
      const result = (await call(
        sqliteV3,
        scope,
        "[method]connection.execute-async",
        handle,
        statement,
        [],
      )) as { val: [string[], StreamSource<SqliteRow>, Promise<unknown>] };
      return result.val;
    };
    const [columns, rows, end] = await execute(
      "SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3",
    );
    expect(columns).toEqual(["n"]);
    expect(await rows.pull(2)).toEqual([{ values: [integer(1n)] }, { values: [integer(2n)] }]);
    expect(await rows.pull(2)).toEqual([{ values: [integer(3n)] }]);
    expect(await rows.pull(2)).toBeUndefined();
    expect(await end).toEqual(ok());
    const [none, empty, failure] = await execute("SELEC");
    expect([none, await empty.pull(1)]).toEqual([[], undefined]);
    expect(await failure).toEqual(err("io", 'near "SELEC": syntax error'));
    close(scope, handle);
  });
});

describe("fermyon:spin/sqlite of Spin 1", () => {
  test("connections are numbers, closed with the instance", async () => {
    const path = join(folder, "a.db");
    const scope = scopeOf({ default: local(path) });
    expect(await call(sqliteV1, scope, "open", "default")).toEqual(ok(0));
    expect(await call(sqliteV1, scope, "open", "default")).toEqual(ok(1));
    expect(await call(sqliteV1, scope, "execute", 1, "SELECT ?", [text("x")])).toEqual(
      ok({ columns: ["?"], rows: [{ values: [text("x")] }] }),
    );
    await call(sqliteV1, scope, "close", 1);
    await call(sqliteV1, scope, "close", 1);
    expect(await call(sqliteV1, scope, "execute", 1, "SELECT 1", [])).toEqual(
      err("invalid-connection"),
    );
    await call(sqliteV1, scope, "execute", 0, "CREATE TABLE t (a)", []);
    await call(sqliteV1, scope, "execute", 0, "BEGIN IMMEDIATE", []);
    scope.sqlite[Symbol.dispose]();
    const free = new DatabaseSync(path);
    free.exec("INSERT INTO t VALUES (1)");
    free.close();
  });
});
