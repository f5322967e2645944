import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  postgresObstacle,
  type PostgresServer,
  startPostgres,
} from "../../../test/servers/postgres.ts";
import { freePort } from "../../../test/servers/server-process.ts";
import type { HostInterface, StreamSource } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import { callHost } from "../network/call-host.ts";
import { fakeServer } from "../network/fake-server.ts";
import type { OutboundNetwork } from "../network/outbound-network.ts";
import { postgresV1, postgresV2, postgresV3 } from "./postgres-older.ts";
import { PostgresPools, type PostgresPoolsOptions } from "./postgres-pools.ts";
import { type GuestPostgres, PostgresContext, type PostgresScope } from "./postgres-scope.ts";
import { postgresV4 } from "./postgres-v4.ts";

const obstacle = postgresObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

const network: OutboundNetwork = { isAddressAllowed: () => true, connectMsMax: 3000 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const okay = (val?: unknown): unknown => ({ tag: "ok", val });
const failed = (tag: string, val: unknown): unknown => ({ tag: "err", val: { tag, val } });
const connectionFailed = (text: string): unknown =>
  failed("connection-failed", expect.stringContaining(text));

let server: PostgresServer;
let pools: PostgresPools;
let scope: PostgresScope;

beforeAll(async () => {
  server = await startPostgres({ password: "s3cret" });
  pools = new PostgresPools({ network });
  scope = newScope(pools);
});

afterAll(async () => {
  await pools[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function newScope(of: PostgresPools): PostgresScope {
  return { outbound: { allows: () => true }, postgres: new PostgresContext(of) };
}

function newPools(options: Partial<PostgresPoolsOptions>): PostgresPools {
  return new PostgresPools({ network, ...options });
}

/** A connection of a guest, closed at the end of the test. */
async function open(host: HostInterface<PostgresScope>, within: PostgresScope, address: string) {
  const result = (await callHost(host, within, "[static]connection.open", address)) as {
    tag: string;
    val: GuestPostgres;
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

const both = (tag: string, type: string, val: unknown, column: unknown = val): unknown[] => [
  tag,
  type,
  val,
  column,
];

test.each([
  both("boolean", "bool", true),
  both("boolean", "bool", false),
  both("int16", "int2", -32_768),
  both("int32", "int4", 2_147_483_647),
  both("int64", "int8", -9_223_372_036_854_775_808n),
  both("floating32", "float4", 0.5),
  both("floating32", "float4", Infinity),
  both("floating64", "float8", 0.1),
  both("floating64", "float8", Number.NaN),
  both("floating64", "float8", -0),
  both("floating64", "float8", 1e-300),
  both("str", "text", "ünïcode \u{1f600} '\"\\ "),
  both("str", "varchar(3)", "abc"),
  both("str", "char(3)", "abc"),
  both("str", "text", ""),
  both(
    "binary",
    "bytea",
    Uint8Array.from({ length: 256 }, (_, index) => index),
  ),
  both("binary", "bytea", new Uint8Array(0)),
  both("date", "date", [2024, 2, 29]),
  both("date", "date", [-43, 3, 15]),
  both("date", "date", [9999, 12, 31]),
  both("time", "time", [23, 59, 59, 999_999_000]),
  both("time", "time", [0, 0, 0, 0]),
  both("datetime", "timestamp", [1999, 12, 31, 23, 59, 59, 1000]),
  both("datetime", "timestamp", [0, 1, 1, 0, 0, 0, 0]),
  both("uuid", "uuid", "01234567-89ab-cdef-0123-456789abcdef"),
  both("jsonb", "jsonb", bytes('{"a":[1,2.50,"x: , y"],"b":null}')),
  both("decimal", "numeric", "12345678901234567890.0987654321"),
  both("decimal", "numeric", "-0.00010"),
  both("decimal", "numeric", "0"),
  both("decimal", "numeric", "100000000"),
  both("range-int32", "int4range", [
    [1, "inclusive"],
    [5, "exclusive"],
  ]),
  both("range-int32", "int4range", [undefined, undefined]),
  both("range-int64", "int8range", [[-5n, "inclusive"], undefined]),
  both("range-decimal", "numrange", [
    ["1.5", "exclusive"],
    ["2.50", "inclusive"],
  ]),
  both("array-int32", "int4[]", [1, undefined, -3]),
  both("array-int32", "int4[]", []),
  both("array-int64", "int8[]", [9_007_199_254_740_993n, undefined]),
  both("array-decimal", "numeric[]", ["1.50", undefined]),
  both("array-str", "text[]", ['a"b\\c', undefined, "", "NULL", "{,}"]),
  both("array-str", "varchar[]", ["x"]),
  both("interval", "interval", { micros: -3_723_000_004n, days: 5, months: -14 }),
  both("interval", "interval", { micros: 0n, days: 0, months: 0 }),
  both("interval", "interval", { micros: 1n << 62n, days: -1, months: 1 }),
])("%s as %s goes there and back (%o)", async (tag, type, val, column) => {
  using connection = await open(postgresV4, scope, server.url);
  expect(await connection.query(`SELECT $1::${type} AS "the value"`, { tag, val })).toEqual(
    okay({
      columns: [{ name: "the value", dataType: { tag, val: undefined } }],
      rows: [[{ tag, val: column }]],
    }),
  );
  const table = `t_${Math.random().toString(36).slice(2)}`;
  await connection.execute(`CREATE TABLE ${table} (v ${type})`);
  expect(await connection.execute(`INSERT INTO ${table} VALUES ($1)`, { tag, val })).toEqual(
    okay(1n),
  );
  expect(await connection.query(`SELECT v FROM ${table}`)).toMatchObject({
    val: { rows: [[{ tag, val: column }]] },
  });
});

test.each([
  ["timestamp", "timestamptz", 1_700_000_000n, [2023, 11, 14, 22, 13, 20, 0]],
  ["timestamp", "timestamptz", -62_135_596_801n, [0, 12, 31, 23, 59, 59, 0]],
  ["int8", "int2", -5, -5],
  ["str", "name", "n", bytes("n")],
  ["str", "point", "(1,2)", new Uint8Array([63, 240, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0])],
  ["str", "json", '{"a" : 1}', bytes('{"a" : 1}')],
])("%s as %s comes back in another form", async (tag, type, val, column) => {
  using connection = await open(postgresV4, scope, server.url);
  await connection.execute("SET timezone = 'Asia/Tokyo'");
  const answer = (await connection.query(`SELECT $1::${type}`, { tag, val })) as {
    val: { rows: { val: unknown }[][] };
  };
  expect(answer).toMatchObject({ tag: "ok" });
  expect(answer.val.rows[0]?.[0]?.val).toEqual(column);
});

test("null, of any type, and no rows", async () => {
  using connection = await open(postgresV4, scope, server.url);
  const none = { tag: "db-null", val: undefined };
  expect(
    await connection.query("SELECT $1::int4, $2::text, $3::jsonb", none, none, none),
  ).toMatchObject({ val: { rows: [[none, none, none]] } });
  expect(await connection.query("SELECT 1 WHERE false")).toEqual(okay({ columns: [], rows: [] }));
  expect(await connection.query("")).toEqual(okay({ columns: [], rows: [] }));
  expect(await connection.execute("")).toEqual(okay(0n));
});

test("types that WIT does not know have their name, and their bytes", async () => {
  using connection = await open(postgresV4, scope, server.url);
  await connection.execute("CREATE TYPE mood AS ENUM ('sad', 'happy')");
  expect(await connection.query("SELECT 'happy'::mood AS m, '10.0.0.1'::inet AS i")).toMatchObject({
    val: {
      columns: [
        { name: "m", dataType: { tag: "other", val: "mood" } },
        { name: "i", dataType: { tag: "other", val: "inet" } },
      ],
      rows: [[{ tag: "unsupported", val: bytes("happy") }, { tag: "unsupported" }]],
    },
  });
});

test.each([
  [{ tag: "uuid", val: "no uuid" }, "invalid UUID no uuid"],
  [{ tag: "jsonb", val: bytes("{") }, "invalid JSON {"],
  [{ tag: "decimal", val: "1e5" }, "invalid decimal 1e5"],
  [{ tag: "array-decimal", val: ["x"] }, "invalid decimal x"],
  [{ tag: "range-decimal", val: [["x", "inclusive"], undefined] }, "invalid decimal x"],
  [{ tag: "date", val: [2023, 2, 29] }, "invalid date y=2023, m=2, d=29"],
  [{ tag: "time", val: [24, 0, 0, 0] }, "invalid time 24:0:0:0"],
  [{ tag: "datetime", val: [2023, 13, 1, 0, 0, 0, 0] }, "invalid date"],
  [{ tag: "timestamp", val: 1n << 62n }, "invalid epoch timestamp"],
])("parameter %o", async (parameter, text) => {
  using connection = await open(postgresV4, scope, server.url);
  expect(await connection.query("SELECT $1", parameter)).toEqual(
    failed("bad-parameter", expect.stringContaining(text)),
  );
  expect(await connection.execute("SELECT $1", parameter)).toEqual(
    failed("value-conversion-failed", expect.stringContaining(text)),
  );
});

test.each([
  ["SELEC 1", "42601", "syntax error"],
  ["SELECT * FROM nowhere", "42P01", "does not exist"],
  ["SELECT 1/0", "22012", "division by zero"],
  ["SELECT 1; SELECT 2", "42601", "multiple commands"],
  ["COPY (SELECT 1) FROM STDIN", "42601", "syntax error"],
])("statement %j fails with all that the server tells", async (statement, code, text) => {
  using connection = await open(postgresV4, scope, server.url);
  const error = failed("query-failed", {
    tag: "db-error",
    val: {
      asText: expect.stringContaining(text),
      severity: "ERROR",
      code,
      message: expect.stringContaining(text),
      detail: undefined,
      extras: expect.arrayContaining([["routine", expect.any(String)]]),
    },
  });
  expect(await connection.query(statement)).toEqual(error);
  expect(await connection.execute(statement)).toEqual(error);
  expect(await connection.query("SELECT 1")).toMatchObject({ tag: "ok" });
});

test("a constraint is named, and its detail", async () => {
  using connection = await open(postgresV4, scope, server.url);
  await connection.execute("CREATE TABLE one (id int PRIMARY KEY)");
  expect(await connection.execute("INSERT INTO one SELECT * FROM generate_series(1, 3)")).toEqual(
    okay(3n),
  );
  expect(await connection.execute("INSERT INTO one VALUES (2)")).toMatchObject({
    val: {
      val: {
        val: {
          code: "23505",
          detail: "Key (id)=(2) already exists.",
          extras: expect.arrayContaining([
            ["constraint", "one_pkey"],
            ["table", "one"],
          ]),
        },
      },
    },
  });
  expect(await connection.execute("COPY one FROM STDIN")).toMatchObject({ tag: "err" });
  expect(await connection.execute("COPY one TO STDOUT")).toMatchObject({ tag: "err" });
  expect(await connection.query("SELECT count(*) FROM one")).toMatchObject({ tag: "ok" });
});

test("a parameter is never part of the statement", async () => {
  using connection = await open(postgresV4, scope, server.url);
  const val = "'; DROP TABLE one; --";
  expect(await connection.query("SELECT $1::text", { tag: "str", val })).toMatchObject({
    val: { rows: [[{ tag: "str", val }]] },
  });
  expect(await connection.query("SELECT 1\0; DROP TABLE one")).toEqual(
    failed("query-failed", { tag: "text", val: "the statement has a null in it" }),
  );
});

describe.each([
  [postgresV2, "unsupported", "other"],
  [postgresV3, "date", "date"],
])("$name@$version", (host, dateTag, dateType) => {
  test("gives what its types can hold", async () => {
    using connection = await open(host, scope, server.url);
    expect(
      await connection.query(
        "SELECT $1::int4 AS a, 'x'::text AS b, DATE '2024-01-02' AS c, '{}'::jsonb AS d, NULL AS e",
        {
          tag: "int32",
          val: 7,
        },
      ),
    ).toEqual(
      okay({
        columns: [
          { name: "a", dataType: "int32" },
          { name: "b", dataType: "str" },
          { name: "c", dataType: dateType },
          { name: "d", dataType: "other" },
          { name: "e", dataType: "str" },
        ],
        rows: [
          [
            { tag: "int32", val: 7 },
            { tag: "str", val: "x" },
            { tag: dateTag, val: dateTag === "date" ? [2024, 1, 2] : undefined },
            { tag: "unsupported", val: undefined },
            { tag: "db-null", val: undefined },
          ],
        ],
      }),
    );
    expect(await connection.execute("SELECT 1")).toEqual(okay(1n));
    expect(await connection.query("SELEC")).toEqual(
      failed("query-failed", expect.stringContaining("syntax error")),
    );
    const unsigned = failed(
      "value-conversion-failed",
      "Postgres does not support unsigned integers",
    );
    for (const tag of ["uint8", "uint16", "uint32", "uint64"]) {
      expect(await connection.query("SELECT $1", { tag, val: 1 })).toEqual(unsigned);
      expect(await connection.execute("SELECT $1", { tag, val: 1 })).toEqual(unsigned);
    }
  });
});

test("version 1 names the server in each call", async () => {
  const call = (name: string, address: string, text: string, ...values: unknown[]): unknown =>
    callHost(postgresV1, scope, name, address, text, values);
  expect(await call("execute", server.url, "SELECT 1")).toEqual(okay(1n));
  expect(
    await call("query", server.url, "SELECT $1::bool AS b", { tag: "boolean", val: true }),
  ).toEqual(
    okay({
      columns: [{ name: "b", dataType: "boolean" }],
      rows: [[{ tag: "boolean", val: true }]],
    }),
  );
  expect(await call("query", server.url, "SELEC")).toEqual(
    failed("query-failed", expect.stringContaining("syntax error")),
  );
  expect(await call("query", server.url, "SELECT $1", { tag: "uint8", val: 1 })).toEqual(
    failed("value-conversion-failed", "Postgres does not support unsigned integers"),
  );
  expect(await call("query", "nonsense", "SELECT 1")).toEqual(connectionFailed("invalid"));
});

test("rows stream, and the server waits for the guest", async () => {
  using connection = await open(postgresV4, scope, server.url);
  const answer = (await callHost(
    postgresV4,
    scope,
    "[method]connection.query-async",
    connection.guest,
    "SELECT n, repeat('x', 1000) AS r FROM generate_series(1, $1::int) AS n",
    [{ tag: "int32", val: 20_000 }],
  )) as { val: [unknown, StreamSource<{ val: unknown }[]>, Promise<unknown>] };
  const [columns, rows, end] = answer.val;
  expect(columns).toEqual([
    { name: "n", dataType: { tag: "int32", val: undefined } },
    { name: "r", dataType: { tag: "str", val: undefined } },
  ]);
  let count = 0;
  for (let chunk = await rows.pull(1000); chunk !== undefined; chunk = await rows.pull(1000)) {
    for (const row of chunk) expect(row[0]?.val).toBe(++count);
    expect(chunk.length).toBeLessThanOrEqual(64);
  }
  rows.drop?.();
  expect(count).toBe(20_000);
  expect(await end).toEqual(okay());
  expect(await connection.query("SELECT 1")).toMatchObject({ tag: "ok" });
});

test("a stream that is dropped early leaves the connection usable", async () => {
  using connection = await open(postgresV4, scope, server.url);
  const queryAsync = (text: string): unknown =>
    callHost(postgresV4, scope, "[method]connection.query-async", connection.guest, text, []);
  const { val } = (await queryAsync("SELECT * FROM generate_series(1, 1000000)")) as {
    val: [unknown, StreamSource, Promise<unknown>];
  };
  expect(await val[1].pull(1)).toHaveLength(1);
  val[1].drop?.();
  expect(await val[2]).toEqual(okay());
  expect(await connection.query("SELECT 1")).toMatchObject({ tag: "ok" });
  expect(await queryAsync("SELEC")).toMatchObject({ tag: "err", val: { tag: "query-failed" } });
  const late = (await queryAsync(
    "SELECT 10 / (500 - n) FROM generate_series(1, 1000) AS n",
  )) as typeof val extends infer V ? { val: V } : never;
  let rows = 0;
  for (let chunk = await late.val[1].pull(64); chunk; chunk = await late.val[1].pull(64)) {
    rows += chunk.length;
  }
  expect(rows).toBe(499);
  expect(await late.val[2]).toMatchObject({
    tag: "err",
    val: { tag: "query-failed", val: { tag: "db-error", val: { code: "22012" } } },
  });
  const none = (await queryAsync("SELECT 1 WHERE false")) as { val: [unknown, StreamSource] };
  expect(none.val[0]).toEqual([]);
  none.val[1].drop?.();
});

test.each(["connection.open", "connection.open-async"])("%s", async (name) => {
  const open = (address: string, within = scope): unknown =>
    callHost(postgresV4, within, `[static]${name}`, address);
  const at = `127.0.0.1:${server.port}`;
  expect(await open(`postgres://tester:wrong@${at}/postgres`)).toEqual(
    connectionFailed("password authentication failed"),
  );
  expect(await open(`postgres://tester@${at}/postgres`)).toEqual(connectionFailed("password"));
  expect(await open(`postgres://tester:s3cret@${at}/nowhere`)).toEqual(
    connectionFailed('database "nowhere" does not exist'),
  );
  expect(await open(`postgres://tester:s3cret@${at}/postgres?sslmode=require`)).toEqual(
    connectionFailed("does not support SSL"),
  );
  expect(await open(`postgres://tester:s3cret@127.0.0.1:${await freePort()}/postgres`)).toEqual(
    connectionFailed("ECONNREFUSED"),
  );
  expect(await open(`postgres://${at}/postgres`)).toEqual(connectionFailed("user missing"));
  expect(
    await open(`host=127.0.0.1 port=${server.port} user=tester password='s3cret' dbname=postgres`),
  ).toMatchObject({ tag: "ok" });
  expect(
    await open(`postgres://tester:s3cret@127.0.0.1:${await freePort()},${at}/postgres`),
  ).toMatchObject({ tag: "ok" });
  const writable = `postgres://tester:s3cret@${at}/postgres?target_session_attrs=`;
  expect(await open(`${writable}read-write`)).toMatchObject({ tag: "ok" });
  expect(await open(`${writable}read-only`)).toEqual(connectionFailed("target_session_attrs"));
});

test.each([
  ["", "host missing"],
  ["nonsense", "invalid connection string"],
  ["http://x", "invalid connection string"],
  ["postgres://u@h/d?nonsense=1", "unknown option `nonsense`"],
  ["postgres://u@h:99999/d", "port"],
  ["postgres://u@%2Ftmp/d", "Unix sockets are not supported"],
  ["host=/tmp user=u", "Unix sockets are not supported"],
  ["host=a hostaddr=10.0.0.1 user=u", "hostaddr is not supported"],
  ["postgres://u@h/d?sslrootcert=/etc/passwd", "unknown option `sslrootcert`"],
  ["postgres://u%00@h/d", "invalid percent-encoding"],
])("address %j", async (address, text) => {
  const opened = await callHost(postgresV4, scope, "[static]connection.open", address);
  if (address === "") expect(opened).toMatchObject({ tag: "err" });
  else expect(opened).toEqual(connectionFailed(text));
});

test("each host of an address has to be allowed", async () => {
  const denied: PostgresScope = {
    postgres: new PostgresContext(pools),
    outbound: { allows: (scheme, host) => scheme === "postgres" && host === "a" },
  };
  const open = (address: string): unknown =>
    callHost(postgresV4, denied, "[static]connection.open", address);
  expect(await open("postgres://u@b/d")).toEqual(
    failed("connection-failed", "address postgres://b:5432 is not permitted"),
  );
  expect(await open("postgresql://u@a,b:7/d")).toEqual(
    failed("connection-failed", "address postgres://b:7 is not permitted"),
  );
  expect(await open("host=b user=u")).toEqual(
    failed("connection-failed", "address postgres://b is not permitted"),
  );
  const builder = callHost(postgresV4, denied, "[constructor]connection-builder", "host=b user=u");
  for (const name of ["build", "build-async"]) {
    expect(
      await callHost(postgresV4, denied, `[method]connection-builder.${name}`, builder),
    ).toEqual(failed("connection-failed", "address postgres://b is not permitted"));
  }
});

test("a network that blocks the address", async () => {
  await using blocked = newPools({ network: { isAddressAllowed: () => false } });
  for (const host of ["127.0.0.1", "localhost"]) {
    const address = `postgres://u@${host}:1/d`;
    expect(
      await callHost(postgresV4, newScope(blocked), "[static]connection.open", address),
    ).toEqual(connectionFailed("allows no connection"));
  }
});

test("TLS: authorities of the guest and of the host, and none", async () => {
  await using secure = await startPostgres({ tls: true });
  const ca = secure.certificate?.ca ?? "";
  const builder = callHost(postgresV4, scope, "[constructor]connection-builder", secure.url);
  const setCaRoot = (certificate: string): unknown =>
    callHost(postgresV4, scope, "[method]connection-builder.set-ca-root", builder, certificate);
  const build = (): unknown =>
    callHost(postgresV4, scope, "[method]connection-builder.build", builder);
  expect(await build()).toEqual(connectionFailed("certificate"));
  expect(setCaRoot("nonsense")).toEqual(
    failed("other", expect.stringContaining("invalid root certificate")),
  );
  expect(setCaRoot(ca)).toEqual(okay());
  expect(await build()).toMatchObject({ tag: "ok" });
  await using trusting = newPools({ network: { ...network, authorities: [ca] } });
  for (const address of [
    secure.url,
    `${secure.url.replace("127.0.0.1", "localhost")}?sslmode=require&channel_binding=require`,
  ]) {
    using connection = await open(postgresV4, newScope(trusting), address);
    expect(
      await connection.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"),
    ).toMatchObject({
      val: { rows: [[{ tag: "boolean", val: true }]] },
    });
  }
  expect(
    await callHost(postgresV4, scope, "[static]connection.open", `${secure.url}?sslmode=disable`),
  ).toEqual(connectionFailed("no pg_hba.conf entry"));
});

test("nothing of one guest's session is left for the next", async () => {
  await using one = newPools({ maxPerAddress: 1 });
  const within = newScope(one);
  {
    using first = await open(postgresV4, within, server.url);
    await first.execute("SET application_name = 'first'");
    await first.execute("CREATE TEMPORARY TABLE mine (id int)");
    await first.execute("SELECT pg_advisory_lock(42)");
    await first.execute("BEGIN");
    await first.execute("CREATE TABLE never (id int)");
  }
  using second = await open(postgresV4, within, server.url);
  expect(await second.query("SHOW application_name")).toMatchObject({
    val: { rows: [[{ val: "" }]] },
  });
  expect(await second.query("SELECT * FROM mine")).toMatchObject({ tag: "err" });
  expect(await second.query("SELECT * FROM never")).toMatchObject({ tag: "err" });
  expect(
    await second.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
  ).toMatchObject({ val: { rows: [[{ val: 0n }]] } });
});

test("a server that dies and comes back", async () => {
  await using restarted = await startPostgres();
  await using own = newPools({});
  const within = newScope(own);
  using connection = await open(postgresV4, within, restarted.url);
  await connection.execute("CREATE TABLE kept AS SELECT 1 AS id");
  const waiting = connection.query("SELECT pg_sleep(60)");
  await delay(100);
  await restarted.kill();
  expect(await waiting).toMatchObject({ tag: "err", val: { tag: "query-failed" } });
  expect(await connection.query("SELECT 1")).toMatchObject({ tag: "err" });
  expect(
    await callHost(postgresV4, within, "[static]connection.open", restarted.url),
  ).toMatchObject({
    tag: "err",
    val: { tag: "connection-failed" },
  });
  await restarted.restart();
  using again = await open(postgresV4, within, restarted.url);
  expect(await again.query("SELECT id FROM kept")).toMatchObject({ tag: "ok" });
});

const authenticationOk = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
const described = Buffer.from([
  ...[0x31, 0, 0, 0, 4, 0x32, 0, 0, 0, 4],
  ...[
    0x54, 0, 0, 0, 26, 0, 1, 0x61, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 4, 255, 255, 255, 255, 0, 1,
  ],
]);
const halfRow = Buffer.from([0x44, 0, 0, 0, 14, 0, 1, 0, 0, 0, 4, 0]);
const brokenRow = Buffer.from([0x44, 0, 0, 0, 10, 0, 1, 0, 0, 9, 9]);
const shortInt = Buffer.from([0x44, 0, 0, 0, 11, 0, 1, 0, 0, 0, 1, 7]);
const complete = Buffer.from([0x43, 0, 0, 0, 13, ...Buffer.from("SELECT 1"), 0]);

test.each([
  ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ["an unknown kind of authentication", Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 99])],
  ["a message of 4 GB", Buffer.from([0x52, 255, 255, 255, 255])],
  ["a message of no length", Buffer.from([0x52, 0, 0, 0, 0])],
  ["nothing but the end", Buffer.alloc(0)],
  ["an error without its end", Buffer.from([0x45, 0, 0, 0, 6, 0x53, 0x45])],
])("a server that greets with %s", async (_, greeting) => {
  await using garbage = await fakeServer((socket) => {
    socket.once("data", () => socket.end(greeting));
  });
  const address = `postgres://u:p@127.0.0.1:${garbage.port}/d?sslmode=disable`;
  expect(await callHost(postgresV4, scope, "[static]connection.open", address)).toMatchObject({
    tag: "err",
    val: { tag: "connection-failed" },
  });
});

test.each([
  ["half a row and the end", [described, halfRow]],
  ["a row that is too short", [described, brokenRow]],
  ["an integer of one byte", [described, shortInt, complete, ready]],
  ["a row without columns", [brokenRow]],
  ["garbage", [Buffer.from("\x07garbage")]],
  ["an error without its end", [Buffer.from([0x45, 0, 0, 0, 6, 0x53, 0x45])]],
  ["a column without its end", [Buffer.from([0x54, 0, 0, 0, 8, 0, 1, 0x61, 0x61])]],
  ["a command without its end", [described, Buffer.from([0x43, 0, 0, 0, 5, 0x41])]],
  ["a message of 3 GB", [Buffer.from([0x54, 0xc0, 0, 0, 0])]],
])("a server that answers with %s", async (_, answer) => {
  await using garbage = await fakeServer((socket) => {
    socket.once("data", () => {
      socket.write(Buffer.concat([authenticationOk, ready]));
      socket.once("data", () => socket.end(Buffer.concat(answer)));
    });
  });
  const address = `postgres://u:p@127.0.0.1:${garbage.port}/d?sslmode=disable`;
  using connection = await open(postgresV4, scope, address);
  expect(await connection.query("SELECT 1")).toMatchObject({
    tag: "err",
    val: { tag: "query-failed", val: { tag: "text" } },
  });
});

test("a server that never answers is given up", async () => {
  await using silent = await fakeServer(() => undefined);
  await using hasty = newPools({ network: { ...network, connectMsMax: 200 } });
  const address = `postgres://u:p@127.0.0.1:${silent.port}/d`;
  expect(
    await callHost(postgresV4, newScope(hasty), "[static]connection.open", address),
  ).toMatchObject({ tag: "err", val: { tag: "connection-failed" } });
});

test("a result above the limit is refused", async () => {
  using connection = await open(postgresV4, scope, server.url);
  const text = "SELECT repeat('x', 40000000) FROM generate_series(1, 4)";
  expect(await connection.query(text)).toEqual(
    failed("query-failed", {
      tag: "text",
      val: `query result exceeds limit of ${limits.queryResultBytesMax} bytes`,
    }),
  );
  expect(await connection.query("SELECT 1")).toMatchObject({ tag: "ok" });
});

test("more connections than the pool has: guests wait, then are refused", async () => {
  await using two = newPools({ maxPerAddress: 2, waitMsMax: 200 });
  const within = newScope(two);
  const first = await open(postgresV4, within, server.url);
  using _second = await open(postgresV4, within, server.url);
  expect(await callHost(postgresV4, within, "[static]connection.open", server.url)).toEqual(
    connectionFailed("too many connections"),
  );
  const third = open(postgresV4, within, server.url);
  first[Symbol.dispose]();
  using _third = await third;
});

test("an instance has so many connections and no more", async () => {
  const within = newScope(pools);
  for (let count = 0; count < limits.guestDatabaseConnectionsMax; count++) within.postgres.opens();
  expect(await callHost(postgresV4, within, "[static]connection.open", server.url)).toEqual(
    failed("connection-failed", "too many connections"),
  );
});

test("a hundred guests at once, each with its own result", async () => {
  const results = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      using connection = await open(postgresV4, newScope(pools), server.url);
      return connection.query("SELECT $1::int4 + pg_backend_pid() * 0", {
        tag: "int32",
        val: index,
      });
    }),
  );
  results.forEach((result, index) => {
    expect(result).toMatchObject({ val: { rows: [[{ tag: "int32", val: index }]] } });
  });
});
