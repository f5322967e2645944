import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redisObstacle, type RedisServer, startRedis } from "../../../test/servers/redis.ts";
import { freePort } from "../../../test/servers/server-process.ts";
import type { HostInterface } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import { callHost } from "../network/call-host.ts";
import { fakeServer } from "../network/fake-server.ts";
import type { OutboundNetwork } from "../network/outbound-network.ts";
import { redisV2, redisV3 } from "./redis.ts";
import { RedisPools } from "./redis-pools.ts";
import { RedisContext, type RedisScope } from "./redis-scope.ts";
import { redisV1 } from "./redis-v1.ts";

const obstacle = redisObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

const network: OutboundNetwork = { isAddressAllowed: () => true };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const okay = (val?: unknown): unknown => ({ tag: "ok", val });
const failed = (tag: string, val?: unknown): unknown => ({ tag: "err", val: { tag, val } });
const other = (text: string): unknown => failed("other", expect.stringContaining(text));

let server: RedisServer;
let pools: RedisPools;
let scope: RedisScope;

beforeAll(async () => {
  server = await startRedis({ password: "s3cret" });
  pools = new RedisPools({ network });
  scope = newScope(pools);
});

afterAll(async () => {
  await pools[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function newScope(of: RedisPools, allowed = true): RedisScope {
  return { outbound: { allows: () => allowed }, redis: new RedisContext(of) };
}

async function open(host: HostInterface<RedisScope>, within: RedisScope, address: string) {
  const result = await callHost(host, within, "[static]connection.open", address);
  expect(result).toMatchObject({ tag: "ok" });
  return (result as { val: object }).val;
}

describe.each([redisV2, redisV3])("$name@$version", (host) => {
  test("gives each function's result", async () => {
    const guest = await open(host, scope, server.url);
    const call = (name: string, ...args: unknown[]): unknown =>
      callHost(host, scope, `[method]connection.${name}`, guest, ...args);
    const key = `${host.version}:`;
    const data = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(await call("get", `${key}a`)).toEqual(okay());
    expect(await call("set", `${key}a`, data)).toEqual(okay());
    expect(await call("get", `${key}a`)).toEqual(okay(data));
    expect(await call("set", `${key}empty`, new Uint8Array(0))).toEqual(okay());
    expect(await call("get", `${key}empty`)).toEqual(okay(new Uint8Array(0)));
    expect(await call("incr", `${key}n`)).toEqual(okay(1n));
    expect(await call("incr", `${key}n`)).toEqual(okay(2n));
    expect(await call("sadd", `${key}s`, ["x", "y", "ü"])).toEqual(okay(3));
    const members = await call("smembers", `${key}s`);
    expect([...(members as { val: string[] }).val].sort()).toEqual(["x", "y", "ü"]);
    expect(await call("srem", `${key}s`, ["x", "nobody"])).toEqual(okay(1));
    expect(await call("del", [`${key}a`, `${key}s`, `${key}nobody`])).toEqual(okay(2));
    expect(await call("publish", "channel", bytes("message"))).toEqual(okay());
    host.resources["connection"]?.drop?.(scope, guest);
  });

  test("execute tells statuses, integers, bytes and nothing apart", async () => {
    const guest = await open(host, scope, server.url);
    const execute = (command: string, ...args: unknown[]): unknown =>
      callHost(host, scope, "[method]connection.execute", guest, command, args);
    const text = (val: string): unknown => ({ tag: "binary", val: bytes(val) });
    const status = (val: string): unknown => ({ tag: "status", val });
    const int = (val: bigint): unknown => ({ tag: "int64", val });
    const nil = { tag: "nil", val: undefined };
    expect(await execute("set", text("e"), text("OK"))).toEqual(okay([status("OK")]));
    expect(await execute("GET", text("e"))).toEqual(okay([text("OK")]));
    expect(await execute("GET", text("nobody"))).toEqual(okay([nil]));
    expect(await execute("ping")).toEqual(okay([status("PONG")]));
    expect(await execute("SET", text("big"), int(9007199254740993n))).toEqual(okay([status("OK")]));
    expect(await execute("INCR", text("big"))).toEqual(okay([int(9007199254740994n)]));
    await execute("SET", text("min"), int(0n));
    expect(await execute("DECRBY", text("min"), int(1n << 62n))).toEqual(okay([int(-1n << 62n)]));
    expect(await execute("MGET", text("e"), text("nobody"), text("e"))).toEqual(
      okay([text("OK"), nil, text("OK")]),
    );
    expect(await execute("EVAL", text("return {1,{'a',{ok='FINE'}},false}"), int(0n))).toEqual(
      okay([int(1n), text("a"), status("FINE"), nil]),
    );
    expect(await execute("TYPE", text("e"))).toEqual(okay([status("string")]));
    expect(await execute("HSET", text("h"), text("f"), text("v"))).toMatchObject({ tag: "ok" });
    expect(await execute("HGETALL", text("h"))).toEqual(okay([text("f"), text("v")]));
    expect(await execute("NONSENSE")).toEqual(other("unknown command"));
    expect(await execute("EVAL", text("return {{err='ERR inside'}}"), int(0n))).toEqual(
      other("inside"),
    );
    host.resources["connection"]?.drop?.(scope, guest);
  });

  test("commands with effects on the connection concern one guest alone", async () => {
    const [first, second] = [
      await open(host, scope, server.url),
      await open(host, scope, server.url),
    ];
    const execute = (guest: object, command: string, ...args: string[]): unknown =>
      callHost(host, scope, "[method]connection.execute", guest, command, args.map(binary));
    const binary = (val: string): unknown => ({ tag: "binary", val: bytes(val) });
    await execute(second, "SET", `own${host.version}`, "zero");
    expect(await execute(first, "SELECT", "5")).toEqual(okay([{ tag: "status", val: "OK" }]));
    expect(await execute(first, "SET", `own${host.version}`, "five")).toMatchObject({ tag: "ok" });
    expect(await execute(second, "GET", `own${host.version}`)).toEqual(okay([binary("zero")]));
    expect(await execute(first, "GET", `own${host.version}`)).toEqual(okay([binary("five")]));
    await execute(first, "MULTI");
    expect(await execute(first, "INCR", "m")).toEqual(okay([{ tag: "status", val: "QUEUED" }]));
    await execute(second, "PING");
    expect(await execute(first, "EXEC")).toEqual(okay([{ tag: "int64", val: expect.anything() }]));
    await execute(first, "SELECT", "0");
    const blocked = execute(first, "BLPOP", `list${host.version}`, "30");
    expect(await execute(second, "RPUSH", `list${host.version}`, "item")).toMatchObject({
      tag: "ok",
    });
    expect(await blocked).toEqual(okay([binary(`list${host.version}`), binary("item")]));
    for (const guest of [first, second]) host.resources["connection"]?.drop?.(scope, guest);
  });

  test("what is no number between MULTI and EXEC: type-error of sadd, other of the rest", async () => {
    const guest = await open(host, scope, server.url);
    const call = (name: string, ...args: unknown[]): unknown =>
      callHost(host, scope, `[method]connection.${name}`, guest, ...args);
    await call("execute", "MULTI", []);
    expect(await call("sadd", "queued", ["x"])).toEqual(failed("type-error"));
    for (const [name, ...args] of [
      ["srem", "queued", ["x"]],
      ["del", ["queued"]],
      ["incr", "queued"],
      ["smembers", "queued"],
      ["get", "queued"],
    ]) {
      expect(await call(name as string, ...args)).toEqual(other("cannot return"));
    }
    expect(await call("set", "queued", bytes("a"))).toEqual(okay());
    await call("execute", "DISCARD", []);
    expect(await call("sadd", `after-multi${host.version}`, ["x"])).toEqual(okay(1));
    host.resources["connection"]?.drop?.(scope, guest);
  });

  test("errors of the server are errors of the interface", async () => {
    const guest = await open(host, scope, server.url);
    const call = (name: string, ...args: unknown[]): unknown =>
      callHost(host, scope, `[method]connection.${name}`, guest, ...args);
    await call("set", "text", bytes("no number"));
    expect(await call("incr", "text")).toEqual(other("not an integer"));
    expect(await call("sadd", "text", ["x"])).toEqual(other("WRONGTYPE"));
    expect(await call("smembers", "text")).toEqual(other("WRONGTYPE"));
    expect(await call("del", [])).toEqual(other("wrong number of arguments"));
    expect(await call("sadd", "s", [])).toEqual(other("wrong number of arguments"));
    host.resources["connection"]?.drop?.(scope, guest);
  });
});

test("version 1 names the server in each call", async () => {
  const call = (name: string, ...args: unknown[]): unknown =>
    callHost(redisV1, scope, name, server.url, ...args);
  expect(await call("get", "v1:nobody")).toEqual(okay(new Uint8Array(0)));
  expect(await call("set", "v1:a", bytes("1"))).toEqual(okay());
  expect(await call("get", "v1:a")).toEqual(okay(bytes("1")));
  expect(await call("incr", "v1:a")).toEqual(okay(2n));
  expect(await call("sadd", "v1:s", ["x"])).toEqual(okay(1n));
  expect(await call("smembers", "v1:s")).toEqual(okay(["x"]));
  expect(await call("srem", "v1:s", ["x"])).toEqual(okay(1n));
  expect(await call("publish", "c", bytes("m"))).toEqual(okay());
  expect(await call("execute", "PING", [])).toEqual(okay([{ tag: "status", val: "PONG" }]));
  expect(await call("del", ["v1:a"])).toEqual(okay(1n));
  expect(await call("incr", "text")).toEqual({ tag: "err", val: "error" });
  expect(await callHost(redisV1, newScope(pools, false), "get", server.url, "a")).toEqual({
    tag: "err",
    val: "error",
  });
});

test.each([
  ["wrong password", (port: number) => `redis://:wrong@127.0.0.1:${port}`, "WRONGPASS"],
  ["no password", (port: number) => `redis://127.0.0.1:${port}`, "NOAUTH"],
  ["no such database", (port: number) => `redis://:s3cret@127.0.0.1:${port}/99`, "out of range"],
])("%s", async (_, address, text) => {
  const opened = await callHost(redisV2, scope, "[static]connection.open", address(server.port));
  if (text !== "NOAUTH") return expect(opened).toEqual(other(text));
  const { val } = opened as { val: object };
  expect(await callHost(redisV2, scope, "[method]connection.get", val, "a")).toEqual(other(text));
});

test.each([
  "",
  "nonsense",
  "http://localhost",
  "redis://",
  "unix:///tmp/x",
  "redis://h/notanumber",
])("address %j is invalid", async (address) => {
  const result = await callHost(redisV2, scope, "[static]connection.open", address);
  expect(result).toEqual(failed("invalid-address"));
});

test("an address that is not allowed is invalid", async () => {
  const asked: unknown[] = [];
  const denied: RedisScope = {
    redis: new RedisContext(pools),
    outbound: {
      allows: (...question) => {
        asked.push(question);
        return false;
      },
    },
  };
  const address = "rediss://user:p@db.example/3";
  expect(await callHost(redisV2, denied, "[static]connection.open", address)).toEqual(
    failed("invalid-address"),
  );
  expect(asked).toEqual([["rediss", "db.example", undefined]]);
});

test("a network that blocks the address", async () => {
  await using blocked = new RedisPools({ network: { isAddressAllowed: () => false } });
  for (const host of ["127.0.0.1", "localhost"]) {
    expect(
      await callHost(redisV2, newScope(blocked), "[static]connection.open", `redis://${host}:1`),
    ).toEqual(other("allows no connection"));
  }
});

test("TLS where the server speaks none", async () => {
  await using hasty = new RedisPools({ network: { ...network, connectMsMax: 200 } });
  const address = `rediss://127.0.0.1:${server.port}`;
  expect(await callHost(redisV2, newScope(hasty), "[static]connection.open", address)).toEqual(
    other("does not answer"),
  );
});

test("nobody listens", async () => {
  const address = `redis://127.0.0.1:${await freePort()}`;
  expect(await callHost(redisV2, scope, "[static]connection.open", address)).toEqual(
    other("ECONNREFUSED"),
  );
});

test("TLS with an authority that is trusted, with one that is not, and unverified", async () => {
  await using secure = await startRedis({ password: "x", tls: true });
  const ca = secure.certificate?.ca ?? "";
  await using trusting = new RedisPools({ network: { ...network, authorities: [ca] } });
  const within = newScope(trusting);
  for (const address of [secure.url, secure.url.replace("127.0.0.1", "localhost")]) {
    const guest = await open(redisV2, within, address);
    expect(await callHost(redisV2, within, "[method]connection.incr", guest, "tls")).toMatchObject({
      tag: "ok",
    });
  }
  expect(await callHost(redisV2, scope, "[static]connection.open", secure.url)).toEqual(
    other("certificate"),
  );
  await open(redisV2, scope, `${secure.url}#insecure`);
});

test("a server that dies and comes back", async () => {
  await using restarted = await startRedis();
  const guest = await open(redisV2, scope, restarted.url);
  const call = (name: string, ...args: unknown[]): unknown =>
    callHost(redisV2, scope, `[method]connection.${name}`, guest, ...args);
  await call("set", "kept", bytes("1"));
  const waiting = call("execute", "BLPOP", [
    { tag: "binary", val: bytes("list") },
    { tag: "int64", val: 0n },
  ]);
  await delay(50);
  await restarted.kill();
  expect(await waiting).toMatchObject({ tag: "err", val: { tag: "other" } });
  expect(await call("get", "kept")).toMatchObject({ tag: "err", val: { tag: "other" } });
  await restarted.restart();
  const again = await open(redisV2, scope, restarted.url);
  expect(await callHost(redisV2, scope, "[method]connection.get", again, "kept")).toEqual(
    okay(bytes("1")),
  );
});

test.each([
  ["HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n"],
  ["random bytes", Buffer.from([0, 255, 3, 7, 13, 10, 0])],
  ["half an answer and the end", "$100\r\nabc"],
  ["an answer of the wrong type", ":1\r\n"],
  ["nothing but the end", ""],
])("a server that sends %s", async (_, answer) => {
  await using garbage = await fakeServer((socket) => {
    socket.once("data", () => (socket.write(answer), setTimeout(() => socket.destroy(), 30)));
  });
  const guest = await open(redisV2, scope, `redis://127.0.0.1:${garbage.port}`);
  expect(await callHost(redisV2, scope, "[method]connection.get", guest, "a")).toMatchObject({
    tag: "err",
    val: { tag: "other" },
  });
});

test("a slow server keeps its guest waiting, and nobody else", async () => {
  await using slow = await fakeServer((socket) => {
    socket.on("data", () => setTimeout(() => socket.write("$2\r\nhi\r\n"), 300));
  });
  const guest = await open(redisV2, scope, `redis://127.0.0.1:${slow.port}`);
  const answer = callHost(redisV2, scope, "[method]connection.get", guest, "a");
  const quick = await open(redisV2, scope, server.url);
  expect(await callHost(redisV2, scope, "[method]connection.get", quick, "nobody")).toEqual(okay());
  expect(await answer).toEqual(okay(bytes("hi")));
});

test("a value above the limit is refused", async () => {
  const size = limits.queryResultBytesMax + 1;
  const guest = await open(redisV2, scope, server.url);
  const execute = (command: string, ...args: (string | bigint)[]): unknown =>
    callHost(
      redisV2,
      scope,
      "[method]connection.execute",
      guest,
      command,
      args.map((val) =>
        typeof val === "bigint" ? { tag: "int64", val } : { tag: "binary", val: bytes(val) },
      ),
    );
  await execute("SETRANGE", "huge", BigInt(size - 1), "x");
  const refused = other(`query result exceeds limit of ${limits.queryResultBytesMax} bytes`);
  expect(await callHost(redisV2, scope, "[method]connection.get", guest, "huge")).toEqual(refused);
  expect(await execute("GET", "huge")).toEqual(refused);
  await execute("DEL", "huge");
});

test("an instance has so many connections and no more", async () => {
  const within = newScope(pools);
  const guests = await Promise.all(
    Array.from({ length: limits.guestConnectionsMax }, () => open(redisV2, within, server.url)),
  );
  const tooMany = callHost(redisV2, within, "[static]connection.open", server.url);
  expect(await tooMany).toEqual(failed("too-many-connections"));
  redisV2.resources["connection"]?.drop?.(within, guests[0] ?? {});
  await open(redisV2, within, server.url);
});

test("with max_connections guests wait for their turn", async () => {
  await using few = new RedisPools({ network, maxConnections: 2 });
  const within = newScope(few);
  const [first] = [
    await open(redisV2, within, server.url),
    await open(redisV2, within, server.url),
  ];
  const third = open(redisV2, within, server.url);
  expect(await Promise.race([third, delay(100).then(() => "waits")])).toBe("waits");
  redisV2.resources["connection"]?.drop?.(within, first);
  expect(await third).toBeTypeOf("object");
});

test("a hundred guests at once, each with its own value", async () => {
  const values = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const within = newScope(pools);
      const guest = await open(redisV2, within, server.url);
      const key = `many:${index}`;
      await callHost(redisV2, within, "[method]connection.set", guest, key, bytes(key));
      return callHost(redisV2, within, "[method]connection.get", guest, key);
    }),
  );
  expect(values).toEqual(values.map((_, index) => okay(bytes(`many:${index}`))));
});
