import { readdir } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import { limits } from "../limits.ts";
import { MemoryMapper } from "./ffi-memory.ts";
import { plantAndLook, testGuest } from "./test-guest.ts";

/** More data than is worth copying into every new memory; the secret lies in its middle. */
const manyBytes = 400 * 1024;
const large = plantAndLook(`
  (memory 8) (data (i32.const 8) "${"a".repeat(manyBytes)}")
  (global $g (mut i64) (i64.const 0))
  (func $start (i64.store (i32.const 200000) (i64.const 77)) (global.set $g (i64.const 1000)))
  (start $start)
  (func (export "plant") (param i64)
    (i64.store (i32.const 200000) (local.get 0)) (i64.store (i32.const 500000) (local.get 0))
    (global.set $g (local.get 0)))
  (func (export "look") (result i64)
    (i64.add (global.get $g)
      (i64.add (i64.load (i32.const 200000)) (i64.load (i32.const 500000)))))`);

test.each([
  ["copied", null],
  ["mapped", MemoryMapper.open()],
] as const)(
  "instances made from a snapshot begin as the first one did, %s",
  async (_way, mapper) => {
    const guest = await testGuest<undefined>(large, [], { mapper });
    expect(guest.prepared.bareModules).toBeDefined();
    const leases = Array.from({ length: limits.idleInstancesMax + 4 }, () =>
      guest.pool.take(undefined),
    );
    expect(new Set(leases.map(({ instance }) => instance)).size).toBe(leases.length);
    for (const { instance } of leases) {
      expect(guest.call(instance, "look")()).toBe(1077n);
      guest.call(instance, "plant")(5n);
      expect(guest.call(instance, "look")()).toBe(15n);
    }
    for (const lease of leases) lease[Symbol.dispose]();
    for (let request = 0; request < 100; request++) {
      using lease = guest.pool.take(undefined);
      expect(guest.call(lease.instance, "look")()).toBe(1077n);
      guest.call(lease.instance, "plant")(BigInt(request));
    }
  },
);

test("only so many instances are kept", async () => {
  const guest = await testGuest<undefined>(large);
  const rounds = [0, 1].map(() => {
    const leases = Array.from({ length: limits.idleInstancesMax + 3 }, () =>
      guest.pool.take(undefined),
    );
    const instances = leases.map(({ instance }) => instance);
    for (const lease of leases) lease[Symbol.dispose]();
    return instances;
  });
  const [first = [], second = []] = rounds;
  const kept = second.filter((instance) => first.includes(instance));
  expect(kept).toHaveLength(limits.idleInstancesMax);
});

test("instances that were given back to the system are replaced by new ones", async () => {
  const guest = await testGuest<undefined>(large);
  const take = (): unknown => {
    using lease = guest.pool.take(undefined);
    expect(guest.call(lease.instance, "look")()).toBe(1077n);
    return lease.instance;
  };
  const first = take();
  expect(take()).toBe(first);
  guest.pool.trim();
  expect(take()).not.toBe(first);
});

test("instances that nobody needs any more are given back, but not from one moment to the next", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const guest = await testGuest<undefined>(large);
    const idle = (): number => guest.pool.usage().idleInstances;
    const ask = (times: number): void => {
      for (let time = 0; time < times; time++) guest.pool.take(undefined)[Symbol.dispose]();
    };
    const leases = Array.from({ length: 8 }, () => guest.pool.take(undefined));
    for (const lease of leases) lease[Symbol.dispose]();
    ask(5_000);
    expect(idle()).toBe(8);
    vi.advanceTimersByTime(6_000);
    // The moment with eight of them belongs to the time that has passed.
    ask(5_000);
    vi.advanceTimersByTime(6_000);
    ask(5_000);
    expect(idle()).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});

test("an instance that waits holds on to nothing of its last request", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const guest = await testGuest<object>(large);
  const ask = (): WeakRef<object> => {
    const context = {};
    guest.pool.take(context)[Symbol.dispose]();
    return new WeakRef(context);
  };
  const [first, second] = [ask(), ask()];
  expect(guest.pool.usage().idleInstances).toBe(1);
  await setImmediate();
  collect();
  expect([first.deref(), second.deref()]).toEqual([undefined, undefined]);
});

test("of those at rest in a thread, the first ones are given back after all", async () => {
  using mapper = MemoryMapper.open();
  const guest = await testGuest<undefined>(large, [], { mapper });
  const take = (): unknown => {
    using lease = guest.pool.take(undefined);
    return lease.instance;
  };
  const first = take();
  guest.pool.rest();
  expect(take()).toBe(first);
  guest.pool.rest();
  const others = Array.from({ length: limits.restingInstancesMax }, () => ({}));
  for (const other of others) mapper?.atRest.keep(other, () => undefined);
  expect(guest.pool.usage().idleInstances).toBe(0);
  expect(take()).not.toBe(first);
  guest.pool[Symbol.dispose]();
});

test("a pool that was warmed has its first instance ready", async () => {
  const guest = await testGuest<undefined>(large);
  guest.pool.warm(undefined);
  const instances = new Set<unknown>();
  for (let request = 0; request < 3; request++) {
    using lease = guest.pool.take(undefined);
    instances.add(lease.instance);
    expect(guest.call(lease.instance, "look")()).toBe(1077n);
    guest.call(lease.instance, "plant")(1n);
  }
  expect(instances.size).toBe(1);
});

test("one that trapped gives its pages back at once", async () => {
  using mapper = MemoryMapper.open();
  const mebibytes = 128;
  const guest = await testGuest<undefined>(
    plantAndLook(`
      (memory ${mebibytes * 16})
      (func (export "plant") (param i64)
        (memory.fill (i32.const 0) (i32.const 1) (i32.const ${mebibytes << 20})) unreachable)
      (func (export "look") (result i64) (i64.load (i32.const 8)))`),
    [],
    { mapper, limits: { memoryBytesMax: 2 * (mebibytes << 20) } },
  );
  const before = process.memoryUsage.rss();
  for (let request = 0; request < 8; request++) {
    using lease = guest.pool.take(undefined);
    expect(guest.call(lease.instance, "look")()).toBe(0n);
    expect(() => guest.call(lease.instance, "plant")(1n)).toThrow("unreachable");
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(mebibytes << 20);
});

test("an instance whose memory grew beyond the bound is not put back", async () => {
  const pages = limits.resetMemoryBytesMax / 65_536;
  const guest = await testGuest<undefined>(
    plantAndLook(`(memory 1)
      (func (export "plant") (param i64) (drop (memory.grow (i32.wrap_i64 (local.get 0)))))
      (func (export "look") (result i64) (i64.extend_i32_u (memory.size)))`),
  );
  const grow = (delta: number): unknown => {
    using lease = guest.pool.take(undefined);
    expect(guest.call(lease.instance, "look")()).toBe(1n);
    guest.call(lease.instance, "plant")(BigInt(delta));
    return lease.instance;
  };
  const small = grow(1);
  expect(grow(pages)).toBe(small);
  expect(grow(1)).not.toBe(small);
});

test("a pool that is disposed gives back its files and mappings", async () => {
  const held = async (): Promise<number> => (await readdir("/proc/self/fd")).length;
  const before = await held();
  const guests = await Promise.all(Array.from({ length: 10 }, () => testGuest<undefined>(large)));
  const leases = guests.map(({ pool }) => pool.take(undefined));
  for (const [index, { pool, call }] of guests.entries()) {
    pool.warm(undefined);
    const lease = leases[index];
    pool[Symbol.dispose]();
    // An instance that is out still sees its memory.
    expect(lease && call(lease.instance, "look")()).toBe(1077n);
    lease?.[Symbol.dispose]();
    expect(() => pool.take(undefined)).toThrow("not served any more");
  }
  expect(await held()).toBeLessThan(before + 5);
});

test("a mapper that is shared by pools outlives them", async () => {
  using mapper = MemoryMapper.open();
  for (let round = 0; round < 3; round++) {
    const guest = await testGuest<undefined>(large, [], { mapper: mapper ?? null });
    using pool = guest.pool;
    for (let request = 0; request < 3; request++) {
      using lease = pool.take(undefined);
      expect(guest.call(lease.instance, "look")()).toBe(1077n);
      guest.call(lease.instance, "plant")(1n);
    }
  }
});
