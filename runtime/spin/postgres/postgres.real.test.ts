import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  postgresObstacle,
  type PostgresServer,
  startPostgres,
} from "../../../test/servers/postgres.ts";
import type { StreamSource } from "../../instance/host-interface.ts";
import { callHost } from "../network/call-host.ts";
import { postgresV1, postgresV2, postgresV3 } from "./postgres-older.ts";
import type { PostgresPools } from "./postgres-pools.ts";
import type { PostgresScope } from "./postgres-scope.ts";
import { postgresV4 } from "./postgres-v4.ts";
import {
  bytes,
  connectionFailed,
  failed,
  newPools,
  newScope,
  okay,
  openGuest,
} from "./test-guest.ts";

const obstacle = postgresObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

let server: PostgresServer;
let pools: PostgresPools;
let scope: PostgresScope;

beforeAll(async () => {
  server = await startPostgres({ password: "s3cret" });
  pools = newPools({});
  scope = newScope(pools);
});

afterAll(async () => {
  await pools[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

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
  using connection = await openGuest(postgresV4, scope, server.url);
  expect(await connection.query(`SELECT $1::${String(type)} AS "the value"`, { tag, val })).toEqual(
    okay({
      columns: [{ name: "the value", dataType: { tag, val: undefined } }],
      rows: [[{ tag, val: column }]],
    }),
  );
  const table = `t_${Math.random().toString(36).slice(2)}`;
  await connection.execute(`CREATE TABLE ${table} (v ${String(type)})`);
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
  using connection = await openGuest(postgresV4, scope, server.url);
  await connection.execute("SET timezone = 'Asia/Tokyo'");
  const answer = (await connection.query(`SELECT $1::${type}`, { tag, val })) as {
    val: { rows: { val: unknown }[][] };
  };
  expect(answer).toMatchObject({ tag: "ok" });
  expect(answer.val.rows[0]?.[0]?.val).toEqual(column);
});

test("null, of any type, and no rows", async () => {
  using connection = await openGuest(postgresV4, scope, server.url);
  const none = { tag: "db-null", val: undefined };
  expect(
    await connection.query("SELECT $1::int4, $2::text, $3::jsonb", none, none, none),
  ).toMatchObject({ val: { rows: [[none, none, none]] } });
  expect(await connection.query("SELECT 1 WHERE false")).toEqual(okay({ columns: [], rows: [] }));
  expect(await connection.query("")).toEqual(okay({ columns: [], rows: [] }));
  expect(await connection.execute("")).toEqual(okay(0n));
});

test("types that WIT does not know have their name, and their bytes", async () => {
  using connection = await openGuest(postgresV4, scope, server.url);
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
  using connection = await openGuest(postgresV4, scope, server.url);
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
  using connection = await openGuest(postgresV4, scope, server.url);
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
  using connection = await openGuest(postgresV4, scope, server.url);
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
  using connection = await openGuest(postgresV4, scope, server.url);
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
    using connection = await openGuest(host, scope, server.url);
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
  using connection = await openGuest(postgresV4, scope, server.url);
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
  using connection = await openGuest(postgresV4, scope, server.url);
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
