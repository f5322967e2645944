import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  postgresObstacle,
  type PostgresServer,
  startPostgres,
} from "../../../test/servers/postgres.ts";
import { freePort } from "../../../test/servers/server-process.ts";
import { limits } from "../../limits.ts";
import { callHost } from "../network/call-host.ts";
import { fakeServer } from "../network/fake-server.ts";
import type { PostgresPools } from "./postgres-pools.ts";
import { PostgresContext, type PostgresScope } from "./postgres-scope.ts";
import { postgresV4 } from "./postgres-v4.ts";
import {
  connectionFailed,
  failed,
  network,
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
    using connection = await openGuest(postgresV4, newScope(trusting), address);
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
    using first = await openGuest(postgresV4, within, server.url);
    await first.execute("SET application_name = 'first'");
    await first.execute("CREATE TEMPORARY TABLE mine (id int)");
    await first.execute("SELECT pg_advisory_lock(42)");
    await first.execute("BEGIN");
    await first.execute("CREATE TABLE never (id int)");
  }
  using second = await openGuest(postgresV4, within, server.url);
  expect(await second.query("SHOW application_name")).toMatchObject({
    val: { rows: [[{ val: "" }]] },
  });
  expect(await second.query("SELECT * FROM mine")).toMatchObject({ tag: "err" });
  expect(await second.query("SELECT * FROM never")).toMatchObject({ tag: "err" });
  expect(
    await second.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
  ).toMatchObject({ val: { rows: [[{ val: 0n }]] } });
});

test("a session that was left is as new for the next guest's first statement", async () => {
  await using one = newPools({ maxPerAddress: 1 });
  const within = newScope(one);
  for (let round = 0; round < 5; round++) {
    using guest = await openGuest(postgresV4, within, server.url);
    expect(await guest.query("SHOW application_name")).toMatchObject({
      val: { rows: [[{ val: "" }]] },
    });
    expect(await guest.execute("SET application_name = 'mine'")).toMatchObject({ tag: "ok" });
    expect(await guest.query("SHOW application_name")).toMatchObject({
      val: { rows: [[{ val: "mine" }]] },
    });
  }
});

test.each([
  ["fails", "SELECT 1/0", "err"],
  ["cannot be read", "SELEC", "err"],
  ["has no parameter for", "SELECT $1::int", "err"],
  ["is empty", "", "ok"],
  ["may not be in a transaction", "VACUUM", "ok"],
  ["starts a transaction", "BEGIN", "ok"],
  ["discards", "DISCARD ALL", "ok"],
  ["copies", "COPY pg_class TO STDOUT", "err"],
  ["wants rows", "COPY pg_class FROM STDIN", "err"],
])("a next guest whose first statement %s finds nothing of the last", async (_, first, tag) => {
  await using one = newPools({ maxPerAddress: 1 });
  const within = newScope(one);
  {
    using guest = await openGuest(postgresV4, within, server.url);
    await guest.execute("SET application_name = 'left'");
    await guest.execute("SET statement_timeout = 12345");
    await guest.execute("PREPARE mine AS SELECT 1");
    await guest.execute("SELECT set_config('mine.secret', 'left', false)");
    await guest.execute("SELECT pg_advisory_lock(43)");
    await guest.execute("CREATE TEMPORARY TABLE mine AS SELECT 1 AS id");
    await guest.execute("LISTEN mine");
    await guest.execute("DECLARE mine CURSOR WITH HOLD FOR SELECT 1");
  }
  const left = `SELECT current_setting('application_name') || current_setting('statement_timeout')
    || coalesce(current_setting('mine.secret', true), '')
    || (SELECT count(*) FROM pg_prepared_statements) || (SELECT count(*) FROM pg_cursors WHERE name = 'mine')
    || (SELECT count(*) FROM pg_listening_channels())
    || (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 43)
    || coalesce(to_regclass('mine')::text, '')`;
  {
    using next = await openGuest(postgresV4, within, server.url);
    expect(await next.execute(first)).toMatchObject({ tag });
    expect(await next.query(left)).toMatchObject({ val: { rows: [[{ val: "00000" }]] } });
  }
  using third = await openGuest(postgresV4, within, server.url);
  expect(await third.query(left)).toMatchObject({ val: { rows: [[{ val: "00000" }]] } });
});

test("what a guest leaves in its session goes although nobody uses it again", async () => {
  await using pools = newPools({});
  const within = newScope(pools);
  using watcher = await openGuest(postgresV4, within, server.url);
  {
    using guest = await openGuest(postgresV4, within, server.url);
    await guest.execute("SELECT pg_advisory_lock(77)");
  }
  const locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77";
  await vi.waitFor(async () => {
    expect(await watcher.query(locks)).toMatchObject({ val: { rows: [[{ val: 0n }]] } });
  });
});

test("a server that dies and comes back", async () => {
  await using restarted = await startPostgres();
  await using own = newPools({});
  const within = newScope(own);
  using connection = await openGuest(postgresV4, within, restarted.url);
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
  using again = await openGuest(postgresV4, within, restarted.url);
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
  using connection = await openGuest(postgresV4, scope, address);
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
  using connection = await openGuest(postgresV4, scope, server.url);
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
  const first = await openGuest(postgresV4, within, server.url);
  using _second = await openGuest(postgresV4, within, server.url);
  expect(await callHost(postgresV4, within, "[static]connection.open", server.url)).toEqual(
    connectionFailed("too many connections"),
  );
  const third = openGuest(postgresV4, within, server.url);
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
      using connection = await openGuest(postgresV4, newScope(pools), server.url);
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
