import { expect, test } from "vitest";
import type { HostInterface } from "./host-interface.ts";
import { plantAndLook, testGuest } from "./test-guest.ts";

/** What one request's host functions have done. */
interface Request {
  readonly name: string;
  readonly dropped: string[];
  /** Settles `wait`. */
  readonly gate?: Promise<void>;
}

const testHost: HostInterface<Request> = {
  name: "test:host/things",
  version: undefined,
  functions: {
    "[constructor]thing": (context: Request): object => ({ owner: context.name }),
    "[method]thing.owner": (_context: Request, thing: { owner: string }): number =>
      thing.owner.length,
    wait: (context: Request) => context.gate,
    now: () => 7n,
  },
  suspending: new Set(["wait"]),
  resources: {
    thing: {
      drop: (context: Request, thing: object) => {
        context.dropped.push(`${(thing as { owner: string }).owner} by ${context.name}`);
      },
    },
  },
};

const imports = `
  (import "test:host/things" (instance $host
    (export "thing" (type $thing (sub resource)))
    (export "[constructor]thing" (func (result (own $thing))))
    (export "[method]thing.owner" (func (param "self" (borrow $thing)) (result u32)))
    (export "now" (func (result u64)))))
  (alias export $host "thing" (type $thing))
  (core func $new (canon lower (func $host "[constructor]thing")))
  (core func $owner (canon lower (func $host "[method]thing.owner")))
  (core func $drop (canon resource.drop $thing))
  (core func $now (canon lower (func $host "now")))`;

const hostInstance = `(with "host" (instance
  (export "new" (func $new)) (export "owner" (func $owner)) (export "drop" (func $drop))
  (export "now" (func $now))))`;

const handles = `(component ${imports}
  (core module $m
    (import "host" "new" (func $new (result i32)))
    (import "host" "owner" (func $owner (param i32) (result i32)))
    (func (export "open") (result i32) (call $new))
    (func (export "owner") (param i32) (result i32) (call $owner (local.get 0))))
  (core instance $i (instantiate $m ${hostInstance}))
  (func (export "open") (result u32) (canon lift (core func $i "open")))
  (func (export "owner") (param "handle" u32) (result u32) (canon lift (core func $i "owner"))))`;

function request(name: string, gate?: Promise<void>): Request {
  return gate === undefined ? { name, dropped: [] } : { name, dropped: [], gate };
}

test("handles left open are dropped with their request and do not resolve in the next one", async () => {
  const guest = await testGuest(handles, [testHost]);
  const first = request("first");
  let handle: unknown;
  let instance: unknown;
  {
    using lease = guest.pool.take(first);
    instance = lease.instance;
    handle = guest.call(lease.instance, "open")();
    expect(guest.call(lease.instance, "owner")(handle)).toBe("first".length);
  }
  expect(first.dropped).toEqual(["first by first"]);
  for (let later = 0; later < 1000; later++) {
    const second = request("second");
    // A guest that asked for a handle it does not have is dead: the next one gets another.
    {
      using lease = guest.pool.take(second);
      if (later === 0) expect(lease.instance).toBe(instance);
      expect(() => guest.call(lease.instance, "owner")(handle) as unknown).toThrow(
        /unknown handle/,
      );
    }
    expect(second.dropped).toEqual([]);
  }
  expect(first.dropped).toEqual(["first by first"]);
});

test("a handle with the same number is that of the request that opened it", async () => {
  const guest = await testGuest(handles, [testHost]);
  const seen = new Set<unknown>();
  for (const name of ["a", "bb", "ccc", "dddd"]) {
    const own = request(name);
    {
      using lease = guest.pool.take(own);
      const handle: unknown = guest.call(lease.instance, "open")();
      seen.add(handle);
      expect(guest.call(lease.instance, "owner")(handle)).toBe(name.length);
    }
    expect(own.dropped).toEqual([`${name} by ${name}`]);
  }
  expect(seen.size).toBe(1);
});

const trapping = plantAndLook(`
  (memory 1) (global $g (mut i64) (i64.const 0))
  (func (export "plant") (param i64)
    (i64.store (i32.const 0) (local.get 0)) (global.set $g (local.get 0)) (unreachable))
  (func (export "look") (result i64) (i64.or (i64.load (i32.const 0)) (global.get $g)))`);

test("an instance that trapped is not used again", async () => {
  const guest = await testGuest<undefined>(trapping);
  expect(guest.prepared.reset.kind).toBe("proved");
  const trapped = new Set<unknown>();
  for (let round = 0; round < 100; round++) {
    {
      using lease = guest.pool.take(undefined);
      expect(trapped).not.toContain(lease.instance);
      trapped.add(lease.instance);
      expect(() => guest.call(lease.instance, "plant")(1n) as unknown).toThrow(/unreachable/);
      expect(() => guest.call(lease.instance, "look")() as unknown).toThrow(/unreachable/);
    }
    using lease = guest.pool.take(undefined);
    expect(guest.call(lease.instance, "look")()).toBe(0n);
  }
});

test("a host function that fails ends the instance even if the guest catches what it throws", async () => {
  const failing: HostInterface<undefined> = {
    name: "test:host/failing",
    version: undefined,
    functions: {
      fail: () => {
        throw new Error("no");
      },
    },
    suspending: new Set(),
    resources: {},
  };
  const guest = await testGuest<undefined>(
    `(component
      (import "test:host/failing" (instance $host (export "fail" (func))))
      (core func $fail (canon lower (func $host "fail")))
      (core module $m (import "host" "fail" (func $fail))
        (func (export "plant") (param i64)
          (block $caught (try_table (catch_all $caught) (call $fail))))
        (func (export "look") (result i64) (i64.const 0)))
      (core instance $i (instantiate $m (with "host" (instance (export "fail" (func $fail))))))
      (func (export "plant") (param "secret" u64) (canon lift (core func $i "plant")))
      (func (export "look") (result u64) (canon lift (core func $i "look"))))`,
    [failing],
  );
  let used: unknown;
  {
    using lease = guest.pool.take(undefined);
    used = lease.instance;
    guest.call(lease.instance, "plant")(1n);
  }
  using lease = guest.pool.take(undefined);
  expect(lease.instance).not.toBe(used);
});

const waiting = `(component
  (import "test:host/things" (instance $host (export "wait" (func))))
  (core func $wait (canon lower (func $host "wait")))
  (core module $m
    (import "host" "wait" (func $wait)) (global $g (mut i64) (i64.const 0))
    (func (export "plant") (param i64)
      (global.set $g (local.get 0)) (call $wait) (global.set $g (i64.const 9)))
    (func (export "look") (result i64) (global.get $g)))
  (core instance $i (instantiate $m (with "host" (instance (export "wait" (func $wait))))))
  (func (export "plant") (param "secret" u64) (canon lift (core func $i "plant")))
  (func (export "look") (result u64) (canon lift (core func $i "look"))))`;

test("an instance that a call is still inside of is not used again", async () => {
  const guest = await testGuest(waiting, [testHost]);
  const gate = Promise.withResolvers<void>();
  let abandoned: unknown;
  let pending: Promise<unknown> | undefined;
  {
    using lease = guest.pool.take(request("first", gate.promise));
    abandoned = lease.instance;
    pending = guest.call(lease.instance, "plant")(1n) as Promise<unknown>;
  }
  using second = guest.pool.take(request("second"));
  expect(second.instance).not.toBe(abandoned);
  gate.resolve();
  await pending.catch(() => undefined);
  expect(await guest.call(second.instance, "look")()).toBe(0n);
});

test("a guest that waits for what never comes fails when its instance ends", async () => {
  const guest = await testGuest(waiting, [testHost]);
  const never = new Promise<void>(() => undefined);
  for (let round = 0; round < 20; round++) {
    let pending: unknown;
    {
      using lease = guest.pool.take(request("each", never));
      pending = guest.call(lease.instance, "plant")(1n);
    }
    await expect(pending).rejects.toThrow("the instance has ended");
  }
});

test("an instance whose calls have waited and returned is used again", async () => {
  const guest = await testGuest(waiting, [testHost]);
  const instances = new Set<unknown>();
  for (let round = 0; round < 20; round++) {
    using lease = guest.pool.take(request("each", Promise.resolve()));
    instances.add(lease.instance);
    expect(await guest.call(lease.instance, "look")()).toBe(0n);
    await guest.call(lease.instance, "plant")(1n);
  }
  expect(instances.size).toBe(1);
});

test("instantiation that calls the host is done anew for every request", async () => {
  let time = 100n;
  const clock: HostInterface<undefined> = {
    name: "test:host/clock",
    version: undefined,
    functions: { now: () => time++ },
    suspending: new Set(),
    resources: {},
  };
  const guest = await testGuest<undefined>(
    `(component
      (import "test:host/clock" (instance $host (export "now" (func (result u64)))))
      (core func $now (canon lower (func $host "now")))
      (core module $m
        (import "host" "now" (func $now (result i64))) (global $started (mut i64) (i64.const 0))
        (func $start (global.set $started (call $now))) (start $start)
        (func (export "look") (result i64) (global.get $started)))
      (core instance $i (instantiate $m (with "host" (instance (export "now" (func $now))))))
      (func (export "look") (result u64) (canon lift (core func $i "look"))))`,
    [clock],
  );
  const seen: unknown[] = [];
  for (let round = 0; round < 3; round++) {
    using lease = guest.pool.take(undefined);
    seen.push(guest.call(lease.instance, "look")());
  }
  expect(seen).toEqual([100n, 101n, 102n]);
});

test("a context of one request is not seen by the next", async () => {
  const guest = await testGuest(handles, [testHost]);
  const owners: string[] = [];
  for (const name of ["one", "two"]) {
    const own = request(name);
    {
      using lease = guest.pool.take(own);
      guest.call(lease.instance, "open")();
    }
    owners.push(...own.dropped);
  }
  expect(owners).toEqual(["one by one", "two by two"]);
});

test("a start function that traps leaves nothing to be used", async () => {
  const guest = await testGuest<undefined>(
    plantAndLook(`
      (func $start unreachable) (start $start)
      (func (export "plant") (param i64)) (func (export "look") (result i64) (i64.const 0))`),
  );
  for (let round = 0; round < 3; round++) {
    expect(() => guest.pool.take(undefined)).toThrow(/unreachable/);
  }
});
