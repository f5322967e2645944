import { afterAll, beforeAll, expect, test } from "vitest";
import { type LibsqlServer, startLibsql } from "../../../test/servers/libsql.ts";
import { LibsqlDatabase } from "./libsql-database.ts";
import type { SqliteConnection, SqliteValue } from "./sqlite-database.ts";

let server: LibsqlServer;
let database: LibsqlDatabase;

beforeAll(async () => {
  server = await startLibsql();
  database = new LibsqlDatabase(server);
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function rowsOf(connection: SqliteConnection, statement: string): Promise<unknown[][]> {
  const { rows } = await connection.execute(statement, []);
  return rows.map(({ values }) => values.map(({ val }) => val));
}

test("values of each type go in and come out as they are", async () => {
  const connection = await database.connect();
  const values: SqliteValue[] = [
    { tag: "integer", val: (1n << 63n) - 1n },
    { tag: "real", val: 2.5 },
    { tag: "text", val: "é'" },
    { tag: "blob", val: Uint8Array.of(0, 255) },
    { tag: "null" },
  ];
  const result = await connection.execute("SELECT ? AS a, ? AS b, ?, ? AS d, ? AS d", values);
  expect(result.columns).toEqual(["a", "b", "?", "d", "d"]);
  expect(result.rows).toEqual([{ values }]);
  connection.close();
});

test("changes and row ids are those of the connection", async () => {
  const connection = await database.connect();
  expect([await connection.changes(), await connection.lastInsertRowid()]).toEqual([0n, 0n]);
  await connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)", []);
  await connection.execute("INSERT INTO t VALUES (7), (8)", []);
  expect([await connection.changes(), await connection.lastInsertRowid()]).toEqual([2n, 8n]);
  await connection.execute("SELECT 1", []);
  expect([await connection.changes(), await connection.lastInsertRowid()]).toEqual([2n, 8n]);
  connection.close();
});

test("transactions over several statements, rolled back with the connection", async () => {
  const [one, two] = [await database.connect(), await database.connect()];
  await one.execute("CREATE TABLE x (a)", []);
  await one.execute("BEGIN", []);
  await one.execute("INSERT INTO x VALUES (1)", []);
  expect(await rowsOf(one, "SELECT count(*) FROM x")).toEqual([[1n]]);
  expect(await rowsOf(two, "SELECT count(*) FROM x")).toEqual([[0n]]);
  await one.execute("ROLLBACK;", []);
  expect(await rowsOf(one, "SELECT count(*) FROM x")).toEqual([[0n]]);
  await one.execute("-- start\nbegin immediate transaction", []);
  await one.execute("INSERT INTO x VALUES (2)", []);
  await one.execute("COMMIT", []);
  expect(await rowsOf(two, "SELECT a FROM x")).toEqual([[2n]]);
  await one.execute("BEGIN", []);
  await one.execute("INSERT INTO x VALUES (3)", []);
  await expect((async () => one.execute("BEGIN", []))()).rejects.toThrow(
    "cannot start a transaction within a transaction",
  );
  one.close();
  expect(await rowsOf(two, "SELECT a FROM x")).toEqual([[2n]]);
  await expect((async () => two.execute("COMMIT", []))()).rejects.toThrow(
    "cannot commit - no transaction is active",
  );
  two.close();
});

test("what the server says is wrong comes as it is", async () => {
  const connection = await database.connect();
  await expect((async () => connection.execute("SELEC", []))()).rejects.toThrow(/syntax error/);
  const wrong = await new LibsqlDatabase({ ...server, token: "wrong" }).connect();
  await expect((async () => wrong.execute("SELECT 1", []))()).rejects.toThrow("no valid token");
  const nobody = await new LibsqlDatabase({ url: "http://127.0.0.1:1", token: "" }).connect();
  await expect((async () => nobody.execute("SELECT 1", []))()).rejects.toThrow(
    /fetch failed|ECONN/,
  );
  expect(database.summary).toBe(`libSQL at ${server.url}`);
});
