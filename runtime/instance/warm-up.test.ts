import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encode } from "../component/test-wat.ts";
import { PrepareCache } from "../prepare/prepare-cache.ts";
import { prepareComponent } from "../prepare/prepare.ts";
import { MemoryMapper } from "./ffi-memory.ts";
import type { HostInterface } from "./host-interface.ts";
import type { Instance } from "./instance.ts";
import { InstancePool } from "./instance-pool.ts";
import { Linker } from "./linker.ts";
import { exportedFunction, plantAndLook, testGuest } from "./test-guest.ts";

/** Begins with 100 in memory at its first call and counts calls; grows where `pages` says so. */
const lazy = (pages: number): string =>
  plantAndLook(`(memory 1) (global $calls (mut i64) (i64.const 0))
    (func (export "plant") (param i64)
      (if (i64.eqz (i64.load (i32.const 8)))
        (then
          (drop (memory.grow (i32.const ${pages})))
          (i64.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 8)) (i64.const 7))
          (i64.store (i32.const 8) (i64.const 100))))
      (global.set $calls (i64.add (global.get $calls) (local.get 0))))
    (func (export "look") (result i64)
      (i64.add
        (i64.load (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 8)))
        (i64.add (i64.load (i32.const 8)) (global.get $calls))))`);

test.each([
  ["mapped memories", MemoryMapper.open(), 0],
  ["copied memories", null, 0],
  ["mapped memories that grew", MemoryMapper.open(), 3],
  ["copied memories that grew", null, 3],
] as const)("instances begin where the warm-up ended, with %s", async (_name, mapper, pages) => {
  const { pool, call } = await testGuest<undefined>(lazy(pages), [], { mapper });
  const warmth = await pool.warmUp({
    context: undefined,
    drive: async (instance) => call(instance, "plant")(1n),
  });
  expect(warmth).toEqual({ kind: "warm" });
  // Used again, and new ones beside each other.
  const leases = [pool.take(undefined), pool.take(undefined)];
  for (let request = 0; request < 5; request++) {
    for (const { instance } of leases) {
      expect(call(instance, "look")()).toBe(108n);
      call(instance, "plant")(50n);
      expect(call(instance, "look")()).toBe(158n);
    }
    for (const lease of leases.splice(0)) lease[Symbol.dispose]();
    leases.push(pool.take(undefined), pool.take(undefined));
  }
});

const clean = plantAndLook(`(global $g (mut i64) (i64.const 1))
  (func (export "plant") (param i64) (global.set $g (i64.add (global.get $g) (local.get 0))))
  (func (export "look") (result i64) (global.get $g))`);

test.each<
  readonly [string, { fails?: boolean; asked?: readonly string[]; answersOnce?: boolean }, RegExp]
>([
  ["the request fails", { fails: true }, /^the request failed: no answer/],
  ["it asked for random numbers", { asked: ["random numbers"] }, /^it was given random numbers/],
  ["it answers but once", { answersOnce: true }, /^an instance of it answers but once: no answer/],
])("nothing changes when %s", async (_name, given, reason) => {
  const { pool, call } = await testGuest<undefined>(clean);
  let calls = 0;
  const warmth = await pool.warmUp({
    context: undefined,
    drive: async (instance) => {
      call(instance, "plant")(5n);
      calls++;
      if (given.fails === true || (given.answersOnce === true && calls > 1)) {
        throw new Error("no answer");
      }
    },
    asked: () => given.asked ?? [],
  });
  expect(warmth).toEqual({ kind: "cold", reason: expect.stringMatching(reason) });
  for (let request = 0; request < 3; request++) {
    using lease = pool.take(undefined);
    expect(call(lease.instance, "look")()).toBe(1n);
    call(lease.instance, "plant")(9n);
  }
});

test("a component that cannot be put back is not warmed", async () => {
  const { pool } = await testGuest<undefined>(
    plantAndLook(`(table 1 funcref)
      (func (export "plant") (param i64) (table.set (i32.const 0) (ref.null func)))
      (func (export "look") (result i64) (i64.const 0))`),
  );
  const warmth = await pool.warmUp({ context: undefined, drive: async () => undefined });
  expect(warmth).toEqual({ kind: "cold", reason: "a new instance cannot be put back" });
});

interface Things {
  readonly dropped: string[];
  readonly name: string;
  readonly number: bigint;
}

const host: HostInterface<Things> = {
  name: "test:host/things",
  version: undefined,
  functions: {
    "[constructor]thing": ({ name }: Things) => ({ name }),
    "[method]thing.use": (_context: Things, thing: { name: string }) => BigInt(thing.name.length),
    random: ({ number }: Things) => number,
  },
  suspending: new Set(),
  resources: {
    thing: {
      lasting: {
        nameOf: (thing) => {
          const { name } = thing as { name: string };
          return name.startsWith("own ") ? name.slice(0, 3) : undefined;
        },
        of: ({ name }, kind) => ({ name: `${kind} of ${name}` }),
      },
      drop: ({ dropped }: Things, thing: object) =>
        void dropped.push((thing as { name: string }).name),
    },
  },
};

const keeping = `(component
  (import "test:host/things" (instance $h
    (export "thing" (type $t (sub resource)))
    (export "[constructor]thing" (func (result (own $t))))
    (export "[method]thing.use" (func (param "self" (borrow $t)) (result u64)))
    (export "random" (func (result u64)))))
  (alias export $h "thing" (type $thing))
  (core func $new (canon lower (func $h "[constructor]thing")))
  (core func $use (canon lower (func $h "[method]thing.use")))
  (core func $random (canon lower (func $h "random")))
  (core func $drop (canon resource.drop $thing))
  (core module $m
    (import "h" "new" (func $new (result i32))) (import "h" "use" (func $use (param i32) (result i64)))
    (import "h" "random" (func $random (result i64))) (import "h" "drop" (func $drop (param i32)))
    (global $seed (mut i64) (i64.const 0))
    (func (export "make") (result i32) (call $new))
    (func (export "use") (param i32) (result i64) (call $use (local.get 0)))
    (func (export "drop") (param i32) (call $drop (local.get 0)))
    (func (export "random") (result i64)
      (if (i64.eqz (global.get $seed)) (then (global.set $seed (call $random))))
      (global.set $seed (i64.mul (global.get $seed) (i64.const 3)))
      (global.get $seed)))
  (core instance $i (instantiate $m (with "h" (instance
    (export "new" (func $new)) (export "use" (func $use))
    (export "random" (func $random)) (export "drop" (func $drop))))))
  (func (export "make") (result u32) (canon lift (core func $i "make")))
  (func (export "use") (param "h" u32) (result u64) (canon lift (core func $i "use")))
  (func (export "drop") (param "h" u32) (canon lift (core func $i "drop")))
  (func (export "random") (result u64) (canon lift (core func $i "random"))))`;

function things(name: string, number = 1n): Things {
  return { name, number, dropped: [] };
}

test("what the guest kept of the host can be dropped, and nothing else", async () => {
  const { pool, call } = await testGuest<Things>(keeping, [host]);
  const first = things("warm");
  const warmth = await pool.warmUp({
    context: first,
    drive: async (instance) => {
      call(instance, "make")();
      call(instance, "drop")(call(instance, "make")());
    },
  });
  expect(warmth).toEqual({ kind: "warm" });
  expect(first.dropped).toContain("warm");
  for (let request = 0; request < 3; request++) {
    const context = things(`request ${request}`);
    {
      using lease = pool.take(context);
      const made = call(lease.instance, "make")();
      expect(made).toBe(2);
      expect(call(lease.instance, "use")(made)).toBe(9n);
      // That of the warm-up.
      call(lease.instance, "drop")(1);
      expect(context.dropped).toEqual([]);
    }
    expect(context.dropped).toEqual([`request ${request}`]);
    using lease = pool.take(context);
    expect(() => call(lease.instance, "use")(1)).toThrow(/undefined/);
  }
});

test("what every instance has of its own is its own", async () => {
  const directory = await mkdtemp(join(tmpdir(), "whorl-cache-"));
  const cache = new PrepareCache({ directory, version: "1", bytesMax: 1_000_000 });
  const bytes = await encode(keeping);
  for (const process of ["first", "second"]) {
    const prepared = await prepareComponent(bytes, { cache, warm: "GET /" });
    expect(prepared.snapshot === undefined).toBe(process === "first");
    const pool = new InstancePool(new Linker([host]).link(prepared));
    const call = (instance: Instance<Things>, name: string) =>
      instance.lifted(exportedFunction(prepared, name));
    const drive = async (instance: Instance<Things>): Promise<void> =>
      void call(instance, "use")(call(instance, "make")());
    expect(await pool.warmUp({ context: things("own warm"), drive })).toEqual({ kind: "warm" });
    // New, and put back after another request.
    for (const name of ["a", "bcd", "ef"]) {
      const context = things(name);
      {
        using lease = pool.take(context);
        expect(call(lease.instance, "use")(1)).toBe(BigInt(`own of ${name}`.length));
        expect(call(lease.instance, "make")()).toBe(2);
      }
      expect(context.dropped).toEqual([`own of ${name}`, name]);
    }
    if (process === "first") {
      await expect.poll(() => readdir(directory)).toEqual([expect.stringMatching(/ready-warm/)]);
    }
  }
  await rm(directory, { recursive: true, maxRetries: 10 });
});

test("a generator that was seeded in the warm-up repeats in every instance", async () => {
  const { pool, call } = await testGuest<Things>(keeping, [host]);
  const drive = async (instance: Parameters<typeof call>[0]): Promise<void> =>
    void call(instance, "random")();
  expect(await pool.warmUp({ context: things("warm", 5n), drive })).toEqual({ kind: "warm" });
  for (const number of [11n, 12n]) {
    using lease = pool.take(things("request", number));
    expect(call(lease.instance, "random")()).toBe(45n);
  }
});

test("a later process begins warm, and one that does not want to begins cold", async () => {
  const directory = await mkdtemp(join(tmpdir(), "whorl-cache-"));
  try {
    const cache = new PrepareCache({ directory, version: "1", bytesMax: 1_000_000 });
    const bytes = await encode(lazy(0));
    const begin = async (warm: string | undefined) => {
      const prepared = await prepareComponent(bytes, { cache, warm });
      const pool = new InstancePool<undefined>(new Linker<undefined>([]).link(prepared));
      const look = exportedFunction(prepared, "look");
      const plant = exportedFunction(prepared, "plant");
      return { pool, look, plant };
    };
    const first = await begin("GET /");
    let driven = 0;
    const drive =
      ({ plant }: typeof first) =>
      async (instance: ReturnType<typeof first.pool.take>["instance"]): Promise<void> => {
        driven++;
        instance.lifted(plant)(1n);
      };
    expect(await first.pool.warmUp({ context: undefined, drive: drive(first) })).toEqual({
      kind: "warm",
    });
    await expect.poll(() => readdir(directory)).toEqual([expect.stringMatching(/\.ready-warm-/)]);
    const calls = driven;
    const second = await begin("GET /");
    expect(await second.pool.warmUp({ context: undefined, drive: drive(second) })).toEqual({
      kind: "warm",
    });
    expect(driven).toBe(calls);
    const looked = async ({ pool, look }: typeof first): Promise<unknown> => {
      using lease = pool.take(undefined);
      return lease.instance.lifted(look)();
    };
    expect(await looked(second)).toBe(108n);
    expect(await looked(await begin(undefined))).toBe(0n);
    expect(await looked(await begin("GET /other"))).toBe(0n);
  } finally {
    // What the last instances began is still being written.
    await rm(directory, { recursive: true, maxRetries: 10 });
  }
});
