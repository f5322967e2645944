import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  mariadbObstacle,
  type MariadbServer,
  startMariadb,
} from "../../../test/servers/mariadb.ts";
import { freePort } from "../../../test/servers/server-process.ts";
import type { HostInterface, StreamSource } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import { callHost } from "../network/call-host.ts";
import { fakeServer } from "../network/fake-server.ts";
import type { OutboundNetwork } from "../network/outbound-network.ts";
import { mysqlV1, mysqlV2, mysqlV3 } from "./mysql.ts";
import { MysqlPools, type MysqlPoolsOptions } from "./mysql-pools.ts";
import { type GuestMysql, MysqlContext, type MysqlScope } from "./mysql-scope.ts";

const obstacle = mariadbObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

const network: OutboundNetwork = { isAddressAllowed: () => true, connectMsMax: 3000 };
const okay = (val?: unknown): unknown => ({ tag: "ok", val });
const failed = (tag: string, val: unknown): unknown => ({ tag: "err", val: { tag, val } });
const connectionFailed = (text: string): unknown =>
  failed("connection-failed", expect.stringContaining(text));

let server: MariadbServer;
let pools: MysqlPools;
let scope: MysqlScope;

beforeAll(async () => {
  server = await startMariadb({ password: "s3cret" });
  pools = newPools({});
  scope = newScope(pools);
});

afterAll(async () => {
  await pools[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function newScope(of: MysqlPools): MysqlScope {
  return { outbound: { allows: () => true }, mysql: new MysqlContext(of) };
}

function newPools(options: Partial<MysqlPoolsOptions>): MysqlPools {
  return new MysqlPools({ network, ...options });
}

/** A connection of a guest, closed at the end of the test. */
async function open(
  within: MysqlScope,
  address: string,
  host: HostInterface<MysqlScope> = mysqlV2,
) {
  const result = (await callHost(host, within, "[static]connection.open", address)) as {
    val: GuestMysql;
  };
  expect(result).toMatchObject({ tag: "ok" });
  const guest = result.val;
  return {
    guest,
    query: (text: string, ...values: unknown[]) =>
      callHost(host, within, "[method]connection.query", guest, text, values),
    execute: (text: string, ...values: unknown[]) =>
      callHost(host, within, "[method]connection.execute", guest, text, values),
    [Symbol.dispose]: () => host.resources["connection"]?.drop?.(within, guest),
  };
}

function refusal(within: MysqlScope, address: string): unknown {
  return callHost(mysqlV2, within, "[static]connection.open", address);
}

test.each([
  ["int8", "TINYINT", -128],
  ["uint8", "TINYINT UNSIGNED", 255],
  ["int16", "SMALLINT", -32_768],
  ["uint16", "SMALLINT UNSIGNED", 65_535],
  ["int32", "INT", -2_147_483_648],
  ["uint32", "INT UNSIGNED", 4_294_967_295],
  ["int32", "MEDIUMINT", -8_388_608],
  ["int64", "BIGINT", -9_223_372_036_854_775_808n],
  ["int64", "BIGINT", 5n],
  ["uint64", "BIGINT UNSIGNED", 18_446_744_073_709_551_615n],
  ["floating32", "FLOAT", 0.5],
  ["floating64", "DOUBLE", 0.1],
  ["str", "VARCHAR(100)", "ünï \u{1f600} '\"\\"],
  ["str", "TEXT", "text"],
  ["str", "CHAR(3)", "abc"],
  ["str", "VARCHAR(10)", ""],
  ["binary", "BLOB", Uint8Array.from({ length: 256 }, (_, index) => index)],
  ["binary", "VARBINARY(10)", Uint8Array.of(0, 255)],
  ["binary", "LONGBLOB", new Uint8Array(0)],
])("%s as %s goes there and back (%o)", async (tag, type, val) => {
  using connection = await open(scope, server.url);
  await connection.execute("CREATE OR REPLACE TABLE v (v " + type + ") CHARACTER SET utf8mb4");
  expect(await connection.execute("INSERT INTO v VALUES (?)", { tag, val })).toEqual(okay());
  expect(await connection.query("SELECT v AS `the value` FROM v")).toEqual(
    okay({ columns: [{ name: "the value", dataType: tag }], rows: [[{ tag, val }]] }),
  );
});

test("booleans, nulls, integers as parameters, no rows, and types that WIT lacks", async () => {
  using connection = await open(scope, server.url);
  const none = { tag: "db-null", val: undefined };
  expect(
    await connection.query("SELECT IF(?, 'yes', 'no'), ?", { tag: "boolean", val: true }, none),
  ).toMatchObject({ val: { rows: [[{ tag: "str", val: "yes" }, none]] } });
  expect(await connection.query("SELECT 1 AS n LIMIT ?", { tag: "int32", val: 1 })).toMatchObject({
    tag: "ok",
  });
  expect(await connection.query("SELECT 1 AS n FROM dual WHERE 1 = 0")).toMatchObject({
    val: { columns: [{ name: "n" }], rows: [] },
  });
  expect(await connection.query("SET @a = 1")).toEqual(okay({ columns: [], rows: [] }));
  for (const value of ["NOW()", "1.5", "CURDATE()"]) {
    expect(await connection.query(`SELECT ${value} AS x`)).toEqual(
      failed("value-conversion-failed", expect.stringContaining("column x")),
    );
  }
  expect(await connection.query("SELECT CAST(NULL AS DATE)")).toMatchObject({
    val: { columns: [{ dataType: "other" }], rows: [[none]] },
  });
});

test.each([
  ["SELEC 1", "SQL syntax"],
  ["SELECT * FROM nowhere", "doesn't exist"],
  ["SELECT 1; SELECT 2", "SQL syntax"],
  ["LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE v", ""],
])("statement %j fails, and the connection goes on", async (statement, text) => {
  using connection = await open(scope, server.url);
  const error = failed("query-failed", expect.stringContaining(text));
  expect(await connection.query(statement)).toEqual(error);
  expect(await connection.execute(statement)).toEqual(error);
  expect(await connection.query("SELECT 1")).toMatchObject({ tag: "ok" });
});

test("a parameter is never part of the statement", async () => {
  using connection = await open(scope, server.url);
  const val = "'; DROP TABLE v; -- \0";
  expect(await connection.query("SELECT ?", { tag: "str", val })).toMatchObject({
    val: { rows: [[{ tag: "str", val }]] },
  });
});

test("version 1 names the server in each call", async () => {
  const call = (name: string, address: string, text: string): unknown =>
    callHost(mysqlV1, scope, name, address, text, []);
  expect(await call("execute", server.url, "SELECT 1")).toEqual(okay());
  expect(await call("query", server.url, "SELECT 'x' AS x")).toEqual(
    okay({ columns: [{ name: "x", dataType: "str" }], rows: [[{ tag: "str", val: "x" }]] }),
  );
  expect(await call("query", server.url, "SELEC")).toMatchObject({ val: { tag: "query-failed" } });
  expect(await call("query", "nonsense", "SELECT 1")).toMatchObject({
    val: { tag: "connection-failed" },
  });
});

test("version 3: rows stream, dropped early or read to the end", async () => {
  using connection = await open(scope, server.url, mysqlV3);
  type Answer = { val: [unknown, StreamSource<{ val: unknown }[]>, Promise<unknown>] };
  const run = async (text: string): Promise<Answer["val"]> =>
    ((await connection.query(text)) as Answer).val;
  const [columns, rows, end] = await run("SELECT seq FROM seq_1_to_20000");
  expect(columns).toEqual([{ name: "seq", dataType: "uint64" }]);
  let count = 0n;
  for (let chunk = await rows.pull(50); chunk !== undefined; chunk = await rows.pull(50)) {
    for (const row of chunk) expect(row[0]?.val).toBe(++count);
  }
  expect(count).toBe(20_000n);
  expect(await end).toEqual(okay());
  const early = await run("SELECT seq FROM seq_1_to_20000");
  expect(await early[1].pull(1)).toHaveLength(1);
  early[1].drop?.();
  expect(await early[2]).toEqual(okay());
  expect(await connection.query("SELEC")).toMatchObject({ val: { tag: "query-failed" } });
  expect(await connection.execute("SELECT 1")).toEqual(okay());
});

test("connections that fail", async () => {
  const at = `127.0.0.1:${server.port}`;
  expect(await refusal(scope, `mysql://tester:wrong@${at}/test`)).toEqual(
    connectionFailed("Access denied"),
  );
  expect(await refusal(scope, `mysql://tester:s3cret@${at}/nowhere`)).toEqual(
    connectionFailed("Unknown database"),
  );
  expect(await refusal(scope, `mysql://tester:s3cret@127.0.0.1:${await freePort()}/test`)).toEqual(
    connectionFailed("ECONNREFUSED"),
  );
  for (const address of ["", "nonsense", "http://h", "mysql://h/d?nonsense=1", "mysql://%zz@h/d"]) {
    expect(await refusal(scope, address)).toMatchObject({ val: { tag: "connection-failed" } });
  }
  const denied = { mysql: new MysqlContext(pools), outbound: { allows: () => false } };
  expect(await refusal(denied, "mysql://h/d")).toEqual(
    failed("connection-failed", "address mysql://h/d is not permitted"),
  );
  await using blocked = newPools({ network: { isAddressAllowed: () => false } });
  expect(await refusal(newScope(blocked), "mysql://localhost:1/d")).toEqual(
    connectionFailed("allows no connection"),
  );
});

test("TLS by ssl-mode", async () => {
  await using secure = await startMariadb({ tls: true });
  const ca = secure.certificate?.ca ?? "";
  await using trusting = newPools({ network: { ...network, authorities: [ca] } });
  const address = secure.url.replace("127.0.0.1", "localhost");
  using connection = await open(newScope(trusting), `${address}?ssl-mode=required`);
  const cipher = (await connection.query("SHOW STATUS LIKE 'Ssl_cipher'")) as {
    val: { rows: { val: string }[][] };
  };
  expect(cipher.val.rows[0]?.[1]?.val).not.toBe("");
  expect(await refusal(scope, `${address}?ssl-mode=required`)).toEqual(
    connectionFailed("certificate"),
  );
  expect(await refusal(newScope(trusting), secure.url)).toMatchObject({ tag: "err" });
});

test("nothing of one guest's session is left for the next", async () => {
  await using one = newPools({ maxPerAddress: 1, waitMsMax: 2000 });
  const within = newScope(one);
  {
    using first = await open(within, server.url);
    await first.execute("SET @mine = 1");
    await first.execute("CREATE TEMPORARY TABLE mine (id int)");
    await first.execute("CREATE OR REPLACE TABLE kept (id int)");
    await first.execute("SET autocommit = 0");
    await first.execute("INSERT INTO kept VALUES (1)");
    expect(await refusal(within, server.url)).toEqual(connectionFailed("too many connections"));
  }
  using second = await open(within, server.url);
  expect(await second.query("SELECT @mine")).toMatchObject({
    val: { rows: [[{ tag: "db-null" }]] },
  });
  expect(await second.query("SELECT * FROM mine")).toMatchObject({ tag: "err" });
  expect(await second.query("SELECT * FROM kept")).toMatchObject({ val: { rows: [] } });
});

test("a server that dies and comes back", async () => {
  await using restarted = await startMariadb();
  await using own = newPools({});
  const within = newScope(own);
  using connection = await open(within, restarted.url);
  await connection.execute("CREATE TABLE kept (id int)");
  const waiting = connection.query("SELECT SLEEP(60)");
  await delay(100);
  await restarted.kill();
  expect(await waiting).toMatchObject({ val: { tag: "query-failed" } });
  expect(await connection.query("SELECT 1")).toMatchObject({ tag: "err" });
  expect(await refusal(within, restarted.url)).toMatchObject({ val: { tag: "connection-failed" } });
  await restarted.restart();
  using again = await open(within, restarted.url);
  expect(await again.query("SELECT * FROM kept")).toMatchObject({ tag: "ok" });
});

test.each([
  ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ["a greeting that is cut off", Buffer.from([10, 0, 0, 0, 10, 0x35, 0x2e])],
  ["a packet of another protocol", Buffer.from([1, 0, 0, 0, 99])],
  ["random bytes", Buffer.from([255, 255, 0, 7, 3, 1, 4, 1, 5, 9])],
  ["an empty packet", Buffer.from([0, 0, 0, 0])],
  ["nothing but the end", Buffer.alloc(0)],
])("a server that greets with %s", async (_, greeting) => {
  await using garbage = await fakeServer((socket) => socket.end(greeting));
  expect(await refusal(scope, `mysql://u:p@127.0.0.1:${garbage.port}/d`)).toMatchObject({
    val: { tag: "connection-failed" },
  });
});

test("a server that never answers is given up", async () => {
  await using silent = await fakeServer(() => undefined);
  await using hasty = newPools({ network: { ...network, connectMsMax: 200 } });
  expect(await refusal(newScope(hasty), `mysql://u:p@127.0.0.1:${silent.port}/d`)).toMatchObject({
    val: { tag: "connection-failed" },
  });
});

test("a result above the limit is refused", async () => {
  using connection = await open(scope, server.url);
  expect(await connection.query("SELECT REPEAT('x', 15000000) AS x FROM seq_1_to_10")).toEqual(
    failed("other", `query result exceeds limit of ${limits.queryResultBytesMax} bytes`),
  );
  expect(await connection.query("SELECT 1")).toMatchObject({ tag: "ok" });
});

test("a hundred guests at once, each with its own result", async () => {
  const results = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      using connection = await open(newScope(pools), server.url);
      return connection.query("SELECT ?", { tag: "str", val: String(index) });
    }),
  );
  results.forEach((result, index) => {
    expect(result).toMatchObject({ val: { rows: [[{ val: String(index) }]] } });
  });
});
