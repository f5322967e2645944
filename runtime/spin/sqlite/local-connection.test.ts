import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sqliteV3 } from "./sqlite.ts";
import { call, close, err, local, ok, opened, rowsOf, run, scopeOf } from "./test-guest.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "whorl-sqlite-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("connections", () => {
  test("in memory each has a database of its own", async () => {
    const scope = scopeOf({ default: local(undefined) });
    const [one, two] = [await opened(scope), await opened(scope)];
    await run(scope, one, "CREATE TABLE t (a)");
    expect(await run(scope, two, "SELECT * FROM t")).toEqual(err("io", "no such table: t"));
    close(scope, one);
    close(scope, two);
  });

  test("a transaction belongs to its connection and ends with it", async () => {
    const database = local(join(folder, "a.db"));
    const scope = scopeOf({ default: database });
    const [one, two] = [await opened(scope), await opened(scope)];
    await run(scope, one, "CREATE TABLE t (a)");
    await run(scope, one, "BEGIN");
    await run(scope, one, "INSERT INTO t VALUES (1)");
    expect(await rowsOf(scope, two, "SELECT count(*) FROM t")).toEqual([[0n]]);
    close(scope, one);
    const three = await opened(scope);
    expect(await rowsOf(scope, three, "SELECT count(*) FROM t")).toEqual([[0n]]);
    expect(await run(scope, three, "COMMIT")).toEqual(
      err("io", "cannot commit - no transaction is active"),
    );
    close(scope, two);
    close(scope, three);
    await database[Symbol.asyncDispose]();
  });

  test.each([
    ["temporary tables", ["CREATE TEMP TABLE x (a)"], "SELECT name FROM sqlite_temp_master", []],
    [
      "attached databases",
      ["ATTACH ':memory:' AS m"],
      "SELECT name FROM pragma_database_list",
      [["main"]],
    ],
    ["settings", ["PRAGMA case_sensitive_like = 1"], "SELECT 'a' LIKE 'A'", [[1n]]],
    [
      "foreign keys",
      ["PRAGMA foreign_keys = OFF"],
      "SELECT foreign_keys FROM pragma_foreign_keys",
      [[1n]],
    ],
    ["row ids", ["INSERT INTO t VALUES (5)"], "SELECT last_insert_rowid()", [[0n]]],
    ["changes", ["INSERT INTO t VALUES (5)"], "SELECT changes(), total_changes()", [[0n, 0n]]],
  ])("no guest sees %s of an earlier one", async (_, statements, question, expected) => {
    const database = local(join(folder, "a.db"));
    const first = scopeOf({ default: database });
    const one = await opened(first);
    await run(first, one, "CREATE TABLE t (a INTEGER PRIMARY KEY)");
    for (const statement of statements) {
      expect(await run(first, one, statement)).toMatchObject({ tag: "ok" });
    }
    close(first, one);
    const second = scopeOf({ default: database });
    const two = await opened(second);
    expect([
      await call(sqliteV3, second, "[method]connection.changes", two),
      await call(sqliteV3, second, "[method]connection.last-insert-rowid", two),
    ]).toEqual([0n, 0n]);
    expect(await rowsOf(second, two, question)).toEqual(expected);
    close(second, two);
    await database[Symbol.asyncDispose]();
  });

  test.each(["INSERT INTO t VALUES (5)", "INSERT INTO t SELECT a FROM t WHERE 0"])(
    "no guest sees the row id of an earlier one by %s, which inserts nothing",
    async (statement) => {
      const database = local(join(folder, "a.db"));
      const scope = scopeOf({ default: database });
      const one = await opened(scope);
      await run(scope, one, "CREATE TABLE t (a INTEGER PRIMARY KEY)");
      await run(scope, one, "INSERT INTO t VALUES (5)");
      close(scope, one);
      const two = await opened(scope);
      await run(scope, two, statement);
      expect(await call(sqliteV3, scope, "[method]connection.last-insert-rowid", two)).toBe(0n);
      await run(scope, two, "INSERT INTO t VALUES (6)");
      expect(await call(sqliteV3, scope, "[method]connection.last-insert-rowid", two)).toBe(6n);
      close(scope, two);
      await database[Symbol.asyncDispose]();
    },
  );

  test("columns are those of now, also of a statement that was run before", async () => {
    const database = local(join(folder, "a.db"));
    const scope = scopeOf({ default: database });
    const [one, two] = [await opened(scope), await opened(scope)];
    await run(scope, one, "CREATE TABLE t (a)");
    expect(await run(scope, one, "SELECT * FROM t")).toMatchObject(ok({ columns: ["a"] }));
    await run(scope, two, "ALTER TABLE t RENAME COLUMN a TO b");
    await run(scope, two, "ALTER TABLE t ADD COLUMN c");
    expect(await run(scope, one, "SELECT * FROM t")).toMatchObject(ok({ columns: ["b", "c"] }));
    close(scope, one);
    close(scope, two);
    await database[Symbol.asyncDispose]();
  });

  test("settings of the process stay as they are", async () => {
    const scope = scopeOf({ default: local(undefined) });
    const handle = await opened(scope);
    for (const pragma of ["hard_heap_limit", "soft_heap_limit", "busy_timeout"]) {
      expect(await run(scope, handle, `PRAGMA ${pragma} = 1`)).toEqual(
        ok({ columns: [], rows: [] }),
      );
    }
    expect(await rowsOf(scope, handle, "SELECT length(zeroblob(100000))")).toEqual([[100000n]]);
    close(scope, handle);
  });
});

test("two apps with folders of their own do not see each other's data", async () => {
  const [one, two] = [local(join(folder, "1", "a.db")), local(join(folder, "2", "a.db"))];
  const first = scopeOf({ default: one });
  const handle = await opened(first);
  await run(first, handle, "CREATE TABLE t (a)");
  const second = scopeOf({ default: two });
  const other = await opened(second);
  expect(await run(second, other, "SELECT * FROM t")).toEqual(err("io", "no such table: t"));
  close(first, handle);
  close(second, other);
  await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
});
