/** What a guest leaves behind on the host's side of its handles, looked for by 10,000 requests. */
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { HostInterface } from "../../runtime/instance/host-interface.ts";
import { type TestGuest, testGuest } from "../../runtime/instance/test-guest.ts";
import { wasiInterfaces } from "../../runtime/wasi/all-interfaces.ts";
import { closedContext } from "./guest-app.ts";
import { Scarcity } from "./scarcity.ts";
import { socketGuest } from "./socket-guest.ts";

const requests = 10_000;
const concurrency = 8;

/** One request's own part of the host. */
interface Owner {
  readonly number: bigint;
  made: number;
  dropped: number;
}

interface Thing {
  readonly owner: Owner;
}

const things: HostInterface<Owner> = {
  name: "test:host/things",
  version: undefined,
  functions: {
    "[constructor]thing": (owner: Owner): Thing => {
      owner.made++;
      return { owner };
    },
    "[method]thing.owner": (_owner: Owner, thing: Thing): bigint => thing.owner.number,
    never: () => new Promise(() => undefined),
  },
  suspending: new Set(),
  resources: {
    thing: {
      drop: (owner: Owner, thing) => {
        if ((thing as Thing).owner === owner) owner.dropped++;
      },
    },
  },
};

/** Name in core code, canonical definition, core type. */
const builtins: readonly (readonly [string, string, string])[] = [
  ["thing-new", 'lower (func $host "[constructor]thing")', "(result i32)"],
  ["thing-owner", 'lower (func $host "[method]thing.owner")', "(param i32) (result i64)"],
  ["own-new", "resource.new $own", "(param i32) (result i32)"],
  ["never", 'lower (func $host "never") async', "(result i32)"],
  ["set-new", "waitable-set.new", "(result i32)"],
  ["stream-new", "stream.new $stream", "(result i64)"],
  [
    "stream-read",
    'stream.read $stream async (memory (core memory $memory "mem"))',
    "(param i32 i32 i32) (result i32)",
  ],
  ["future-new", "future.new $future", "(result i64)"],
  ["context-get", "context.get i32 0", "(result i32)"],
  ["context-set", "context.set i32 0", "(param i32)"],
  ["backpressure", "backpressure.inc", ""],
];

/** `look` is asynchronous: it does not begin where backpressure is on. */
function guestText(core: string): string {
  const canons = builtins.map(([name, canon]) => `(core func $${name} (canon ${canon}))`);
  const imports = builtins.map(([name, , type]) => `(import "" "${name}" (func $${name} ${type}))`);
  const given = builtins.map(([name]) => `(export "${name}" (func $${name}))`);
  return `(component
    (import "test:host/things" (instance $host
      (export "thing" (type $thing (sub resource)))
      (export "[constructor]thing" (func (result (own $thing))))
      (export "[method]thing.owner" (func (param "self" (borrow $thing)) (result u64)))
      (export "never" (func async))))
    (alias export $host "thing" (type $thing))
    (type $own (resource (rep i32)))
    (type $stream (stream u8)) (type $future (future u32))
    (core module $Memory (memory (export "mem") 1))
    (core instance $memory (instantiate $Memory))
    ${canons.join("\n")}
    (core module $m (import "" "mem" (memory 1)) ${imports.join("\n")} ${core})
    (core instance $i (instantiate $m (with "" (instance
      (export "mem" (memory $memory "mem")) ${given.join("\n")}))))
    (func (export "plant") (param "secret" u64) (canon lift (core func $i "plant")))
    (func (export "look") async (result u64) (canon lift (core func $i "look"))))`;
}

/** What is left behind, and where it would be found again. */
const kinds: readonly (readonly [string, string])[] = [
  [
    "a handle of the host's",
    `(func (export "plant") (param i64) (drop (call $thing-new)) (drop (call $thing-new)))
     (func (export "look") (result i64) (i64.extend_i32_u (call $thing-new)))`,
  ],
  [
    "a handle of its own",
    `(func (export "plant") (param i64)
       (drop (call $own-new (i32.const 5))) (drop (call $own-new (i32.const 6))))
     (func (export "look") (result i64) (i64.extend_i32_u (call $own-new (i32.const 7))))`,
  ],
  [
    "a call of the host that never returns",
    `(func (export "plant") (param i64) (drop (call $never)))
     (func (export "look") (result i64) (i64.extend_i32_u (call $set-new)))`,
  ],
  [
    "a stream with a read under way",
    `(func (export "plant") (param i64)
       (drop (call $stream-read (i32.wrap_i64 (call $stream-new)) (i32.const 64) (i32.const 9))))
     (func (export "look") (result i64) (i64.or (call $stream-new) (i64.load (i32.const 64))))`,
  ],
  [
    "a future left open",
    `(func (export "plant") (param i64) (drop (call $future-new)))
     (func (export "look") (result i64) (call $future-new))`,
  ],
  [
    "a waitable set",
    `(func (export "plant") (param i64) (drop (call $set-new)))
     (func (export "look") (result i64) (i64.extend_i32_u (call $set-new)))`,
  ],
  [
    "the context of a task",
    `(func (export "plant") (param i64) (call $context-set (i32.wrap_i64 (local.get 0))))
     (func (export "look") (result i64) (i64.extend_i32_u (call $context-get)))`,
  ],
  [
    "backpressure left on",
    `(func (export "plant") (param i64) (call $backpressure))
     (func (export "look") (result i64) (i64.const 5))`,
  ],
];

interface Planting {
  readonly planted: bigint;
  /** Resolves when the requests may end. */
  settled?(): Promise<unknown>;
}

/** Each request looks first, then plants; so many are there at once. */
async function lookAndPlant<C>(
  { pool, call }: TestGuest<C>,
  contextOf: (request: number) => C,
  { planted, settled }: Planting = { planted: 0x5ecn },
): Promise<void> {
  const scarcity = new Scarcity(pool);
  let untouched: unknown;
  for (let request = 0; request < requests; request += concurrency) {
    const leases = Array.from({ length: concurrency }, (_, index) =>
      pool.take(contextOf(request + index)),
    );
    const found = await Promise.all(
      leases.map(({ instance }) => call(instance, "look")() as unknown),
    );
    untouched ??= found[0];
    expect(found).toEqual(leases.map(() => untouched));
    await Promise.all(leases.map(({ instance }) => call(instance, "plant")(planted) as unknown));
    await settled?.();
    for (const lease of leases) {
      lease[Symbol.dispose]();
      scarcity.request();
    }
  }
}

test.each(kinds)("%s does not reach a later request", { timeout: 60_000 }, async (_name, core) => {
  const owners: Owner[] = [];
  await lookAndPlant(await testGuest(guestText(core), [things]), (request) => {
    const owner = { number: BigInt(request), made: 0, dropped: 0 };
    owners.push(owner);
    return owner;
  });
  expect(owners).toHaveLength(requests);
  // What the host made for a request is given back with it, and to the right one.
  expect(owners.filter(({ made, dropped }) => made !== dropped)).toEqual([]);
});

test("a host's object is that of the request that asked for it", async () => {
  const guest = await testGuest(
    guestText(`
      (func (export "plant") (param i64) (drop (call $thing-new)))
      (func (export "look") (result i64) (call $thing-owner (call $thing-new)))`),
    [things],
  );
  for (let request = 0; request < requests; request += concurrency) {
    const numbers = Array.from({ length: concurrency }, (_, index) => BigInt(request + index));
    const leases = numbers.map((number) => guest.pool.take({ number, made: 0, dropped: 0 }));
    const found = await Promise.all(
      leases.map(({ instance }) => guest.call(instance, "look")() as unknown),
    );
    expect(found).toEqual(numbers);
    for (const lease of leases) lease[Symbol.dispose]();
  }
});

test("a handle that another request has is none here", async () => {
  const guest = await testGuest(
    guestText(`
      (func (export "plant") (param i64) (drop (call $thing-new)))
      (func (export "look") (result i64) (call $thing-owner (i32.const 1)))`),
    [things],
  );
  for (let request = 0; request < requests / 10; request++) {
    using owner = guest.pool.take({ number: 7n, made: 0, dropped: 0 });
    await (guest.call(owner.instance, "plant")(0n) as Promise<unknown>);
    expect(await guest.call(owner.instance, "look")()).toBe(7n);
    using thief = guest.pool.take({ number: 8n, made: 0, dropped: 0 });
    await expect(async () => await guest.call(thief.instance, "look")()).rejects.toThrow(
      /unknown handle/,
    );
  }
});

test("a connection that is being made ends with its request", { timeout: 60_000 }, async () => {
  const server = await listening();
  const seen = { opened: 0, closed: 0 };
  server.on("connection", (socket) => {
    seen.opened++;
    socket.on("error", () => undefined).on("close", () => seen.closed++);
    socket.resume();
  });
  const { port } = server.address() as AddressInfo;
  const guest = await testGuest(socketGuest, wasiInterfaces);
  const sockets = { isAllowed: () => true, nameLookup: false };
  await lookAndPlant(guest, () => closedContext({ sockets }), {
    planted: BigInt(port),
    // Those that were first are connected, the others on their way.
    settled: () => once(server, "connection"),
  });
  expect(seen.opened).toBeGreaterThanOrEqual(requests / concurrency);
  await expect.poll(() => seen.opened - seen.closed, { timeout: 30_000 }).toBe(0);
  server.close();
  await once(server, "close");
});

async function listening(): Promise<Server> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}
