import { describe, expect, test } from "vitest";
import { MemoryMapper } from "./ffi-memory.ts";
import { plantAndLook, plantAndLookExports, type TestGuest, testGuest } from "./test-guest.ts";

/** Later requests that look for what the first one has left. */
const laterRequests = 5_000;
const secret = 0x5ec2_e7ed_0bad_cafen;

/** A lookup over all bytes of memory 0: their sum, so that any byte left over shows. */
const sumOfMemory = `
  (local $at i32) (local $sum i64)
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $at) (i32.shl (memory.size) (i32.const 16))))
      (local.set $sum (i64.add (i64.rotl (local.get $sum) (i64.const 1))
        (i64.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $next)))
  (local.get $sum)`;

/** Every kind of state that a guest can leave behind and that is put back. */
const states: readonly { readonly name: string; readonly wat: string; readonly heavy?: true }[] = [
  {
    name: "memory inside the data segments",
    wat: plantAndLook(`
      (memory 1) (data (i32.const 64) "0123456789abcdef")
      (func (export "plant") (param i64) (i64.store (i32.const 68) (local.get 0)))
      (func (export "look") (result i64) (i64.load (i32.const 68)))`),
  },
  {
    name: "memory beyond the data segments",
    wat: plantAndLook(`
      (memory 2) (data (i32.const 64) "0123456789abcdef")
      (func (export "plant") (param i64) (i64.store (i32.const 131064) (local.get 0)))
      (func (export "look") (result i64) (i64.load (i32.const 131064)))`),
  },
  {
    name: "memory that straddles the end of a block of the snapshot",
    wat: plantAndLook(`
      (memory 1) (data (i32.const 4088) "01234567")
      (func (export "plant") (param i64)
        (i64.store (i32.const 4092) (local.get 0)) (i64.store (i32.const 4084) (local.get 0)))
      (func (export "look") (result i64)
        (i64.xor (i64.load (i32.const 4092)) (i64.load (i32.const 4084))))`),
  },
  {
    name: "bytes of a data segment that were zeroed",
    wat: plantAndLook(`
      (memory 1) (data (i32.const 0) "\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff")
      (func (export "plant") (param i64) (i64.store (i32.const 0) (i64.const 0)))
      (func (export "look") (result i64) (i64.load (i32.const 0)))`),
  },
  {
    name: "every byte of a memory",
    heavy: true,
    wat: plantAndLook(`
      (memory 2) (data (i32.const 70000) "\\01\\02\\03")
      (func (export "plant") (param i64)
        (memory.fill (i32.const 0) (i32.wrap_i64 (local.get 0)) (i32.const 131072)))
      (func (export "look") (result i64) ${sumOfMemory})`),
  },
  {
    name: "the size of a memory that grew",
    wat: plantAndLook(`
      (memory 1)
      (func (export "plant") (param i64) (drop (memory.grow (i32.const 3))))
      (func (export "look") (result i64) (i64.extend_i32_u (memory.size)))`),
  },
  {
    name: "what memory.grow answers",
    wat: plantAndLook(`
      (memory 1 4)
      (func (export "plant") (param i64) (drop (memory.grow (i32.const 3))))
      (func (export "look") (result i64) (i64.extend_i32_s (memory.grow (i32.const 0))))`),
  },
  {
    name: "whether a memory can still grow to its maximum",
    wat: plantAndLook(`
      (memory 1 4)
      (func (export "plant") (param i64) (drop (memory.grow (i32.const 3))))
      (func (export "look") (result i64) (i64.extend_i32_s (memory.grow (i32.const 2))))`),
  },
  {
    name: "contents of memory that grew, seen by who grows again",
    heavy: true,
    wat: plantAndLook(`
      (memory 1)
      (func (export "plant") (param i64)
        (drop (memory.grow (i32.const 2)))
        (i64.store (i32.const 65536) (local.get 0))
        (i64.store (i32.const 196600) (local.get 0)))
      (func (export "look") (result i64)
        (if (i32.eq (memory.size) (i32.const 1)) (then (drop (memory.grow (i32.const 2)))))
        (i64.or (i64.load (i32.const 65536)) (i64.load (i32.const 196600))))`),
  },
  {
    name: "an exported mutable global",
    wat: plantAndLook(`
      (global $g (export "g") (mut i64) (i64.const 7))
      (func (export "plant") (param i64) (global.set $g (local.get 0)))
      (func (export "look") (result i64) (global.get $g))`),
  },
  {
    name: "a hidden i32 global",
    wat: plantAndLook(`
      (global $g (mut i32) (i32.const 7))
      (func (export "plant") (param i64) (global.set $g (i32.wrap_i64 (local.get 0))))
      (func (export "look") (result i64) (i64.extend_i32_u (global.get $g)))`),
  },
  {
    name: "a hidden i64 global beyond 2^53",
    wat: plantAndLook(`
      (global $g (mut i64) (i64.const -9007199254740993))
      (func (export "plant") (param i64) (global.set $g (local.get 0)))
      (func (export "look") (result i64) (global.get $g))`),
  },
  {
    name: "a hidden f32 global that becomes a NaN with a payload",
    wat: plantAndLook(`
      (global $g (mut f32) (f32.const -0))
      (func (export "plant") (param i64) (global.set $g (f32.const nan:0x200001)))
      (func (export "look") (result i64) (i64.extend_i32_u (i32.reinterpret_f32 (global.get $g))))`),
  },
  {
    name: "a hidden f64 global that becomes a NaN with a payload",
    wat: plantAndLook(`
      (global $g (mut f64) (f64.const 0.1))
      (func (export "plant") (param i64) (global.set $g (f64.const nan:0x4000000012345)))
      (func (export "look") (result i64) (i64.reinterpret_f64 (global.get $g)))`),
  },
  {
    name: "a hidden reference to a function",
    wat: plantAndLook(`
      (func $f) (elem declare func $f)
      (global $g (mut funcref) (ref.null func))
      (func (export "plant") (param i64) (global.set $g (ref.func $f)))
      (func (export "look") (result i64) (i64.extend_i32_u (ref.is_null (global.get $g))))`),
  },
  {
    name: "a hidden reference to a function that was not null at first",
    wat: plantAndLook(`
      (func $f) (elem declare func $f)
      (global $g (mut funcref) (ref.func $f))
      (func (export "plant") (param i64) (global.set $g (ref.null func)))
      (func (export "look") (result i64) (i64.extend_i32_u (ref.is_null (global.get $g))))`),
  },
  {
    name: "globals behind imported ones",
    wat: `(component
      (core module $a (global (export "shared") (mut i64) (i64.const 5)))
      (core instance $a (instantiate $a))
      (core module $m
        (global $shared (import "a" "shared") (mut i64))
        (global $own (mut i64) (i64.const 3))
        (func (export "plant") (param i64)
          (global.set $shared (local.get 0)) (global.set $own (i64.const 99)))
        (func (export "look") (result i64) (i64.mul (global.get $shared) (global.get $own))))
      (core instance $i (instantiate $m (with "a" (instance $a))))
      ${plantAndLookExports})`,
  },
  {
    name: "memories of several core modules",
    wat: `(component
      (core module $a (memory (export "memory") 1) (data (i32.const 8) "abc"))
      (core instance $a (instantiate $a))
      (core instance $b (instantiate $a))
      (core module $m
        (memory $a (import "a" "memory") 1) (memory $b (import "b" "memory") 1)
        (func (export "plant") (param i64)
          (i64.store $a (i32.const 8) (local.get 0)) (i64.store $b (i32.const 8) (local.get 0)))
        (func (export "look") (result i64)
          (i64.add (i64.load $a (i32.const 8)) (i64.mul (i64.load $b (i32.const 8)) (i64.const 3)))))
      (core instance $i (instantiate $m (with "a" (instance $a)) (with "b" (instance $b))))
      ${plantAndLookExports})`,
  },
  {
    name: "one memory seen by two core modules, grown by the one that defines it",
    wat: `(component
      (core module $a
        (memory (export "memory") 1)
        (func (export "grow") (result i32) (memory.grow (i32.const 1))))
      (core instance $a (instantiate $a))
      (core module $m
        (import "a" "memory" (memory 1)) (import "a" "grow" (func $grow (result i32)))
        (func (export "plant") (param i64)
          (drop (call $grow)) (i64.store (i32.const 70000) (local.get 0)))
        (func (export "look") (result i64) (i64.extend_i32_u (call $grow))))
      (core instance $i (instantiate $m (with "a" (instance $a))))
      ${plantAndLookExports})`,
  },
  {
    name: "one memory seen by two core modules, grown by the one that imports it",
    wat: `(component
      (core module $a (memory (export "memory") 1))
      (core instance $a (instantiate $a))
      (core module $m
        (import "a" "memory" (memory 1))
        (func (export "plant") (param i64)
          (drop (memory.grow (i32.const 1))) (i64.store (i32.const 70000) (local.get 0)))
        (func (export "look") (result i64)
          (local $size i64)
          (local.set $size (i64.extend_i32_u (memory.size)))
          (drop (memory.grow (i32.const 1)))
          (i64.add (local.get $size) (i64.load (i32.const 70000)))))
      (core instance $i (instantiate $m (with "a" (instance $a))))
      ${plantAndLookExports})`,
  },
  {
    name: "what a start function has written",
    wat: plantAndLook(`
      (memory 1) (global $g (mut i64) (i64.const 0))
      (func $start (i64.store (i32.const 8) (i64.const 42)) (global.set $g (i64.const 43)))
      (start $start)
      (func (export "plant") (param i64)
        (i64.store (i32.const 8) (local.get 0)) (global.set $g (local.get 0)))
      (func (export "look") (result i64)
        (i64.add (global.get $g) (i64.mul (i64.load (i32.const 8)) (i64.const 1000))))`),
  },
  {
    name: "memory that a start function has grown",
    wat: plantAndLook(`
      (memory 1)
      (func $start (drop (memory.grow (i32.const 1))) (i64.store (i32.const 65600) (i64.const 42)))
      (start $start)
      (func (export "plant") (param i64)
        (i64.store (i32.const 65600) (local.get 0)) (drop (memory.grow (i32.const 2))))
      (func (export "look") (result i64)
        (i64.add (i64.load (i32.const 65600)) (i64.extend_i32_u (memory.size))))`),
  },
  {
    name: "memory written by atomic instructions",
    wat: plantAndLook(`
      (memory 1)
      (func (export "plant") (param i64)
        (drop (i64.atomic.rmw.xchg (i32.const 16) (local.get 0))))
      (func (export "look") (result i64) (atomic.fence) (i64.atomic.load (i32.const 16)))`),
  },
  {
    name: "memory written by vector instructions",
    wat: plantAndLook(`
      (memory 1)
      (func (export "plant") (param i64)
        (v128.store (i32.const 16) (i64x2.splat (local.get 0))))
      (func (export "look") (result i64) (i64x2.extract_lane 1 (v128.load (i32.const 16))))`),
  },
  {
    name: "a passive data segment that was copied into memory",
    wat: plantAndLook(`
      (memory 1) (data $d "secret..")
      (func (export "plant") (param i64)
        (memory.init $d (i32.const 0) (i32.const 0) (i32.const 8)))
      (func (export "look") (result i64) (i64.load (i32.const 0)))`),
  },
];

/** The portable way, and the one that this system offers. */
const ways = [
  { way: "copied", options: { mapper: null } },
  { way: "mapped", options: { mapper: MemoryMapper.open() } },
] as const;

const cases = ways.flatMap((way) => states.map((state) => ({ ...way, ...state })));

describe.each(cases)("$name, $way", ({ wat, heavy, options }) => {
  test("what a first request planted, later ones do not find", async () => {
    const guest = await testGuest<undefined>(wat, [], options);
    expect(guest.prepared.reset).toMatchObject({ kind: "proved" });
    const untouched = lookOnce(guest);
    plantOnce(guest, untouched);
    const instances = new Set<unknown>();
    for (let request = 0; request < (heavy ? laterRequests / 100 : laterRequests); request++) {
      using lease = guest.pool.take(undefined);
      instances.add(lease.instance);
      const found: unknown = guest.call(lease.instance, "look")();
      if (found !== untouched) expect(found, `request ${request}`).toBe(untouched);
    }
    // The proof is worth something only where it is used.
    expect(instances.size).toBe(1);
  });

  test("new instances that get the memory of an earlier one do not find it either", async () => {
    const guest = await testGuest<undefined>(wat, [], options);
    const instances = plantInRounds(guest, () => {
      guest.pool.trim();
      expect(options.mapper?.kept.has(guest.pool)).toBe(options.mapper === null ? undefined : true);
    });
    expect(instances.size).toBe(20);
  });

  test("an instance that was at rest does not have it any more, nor its pages", async () => {
    const guest = await testGuest<undefined>(wat, [], options);
    const instances = plantInRounds(guest, () => {
      guest.pool.rest();
      expect(guest.pool.usage().idleInstances).toBe(options.mapper === null ? 0 : 1);
    });
    expect(instances.size).toBe(options.mapper === null ? 20 : 1);
  });

  test("requests that run at the same time do not find what others plant", async () => {
    const guest = await testGuest<undefined>(wat, [], options);
    const untouched = lookOnce(guest);
    for (let round = 0; round < 50; round++) {
      using first = guest.pool.take(undefined);
      guest.call(first.instance, "plant")(secret);
      {
        using second = guest.pool.take(undefined);
        expect(guest.call(second.instance, "look")()).toBe(untouched);
        guest.call(second.instance, "plant")(secret + 1n);
      }
      using third = guest.pool.take(undefined);
      expect(guest.call(third.instance, "look")()).toBe(untouched);
      expect(third.instance).not.toBe(first.instance);
    }
  });
});

/** A secret in each of twenty rounds, which the next one must not find; the instances that it met. */
function plantInRounds(guest: TestGuest<undefined>, afterRound: () => void): Set<unknown> {
  const untouched = lookOnce(guest);
  const instances = new Set<unknown>();
  for (let round = 0; round < 20; round++) {
    {
      using lease = guest.pool.take(undefined);
      instances.add(lease.instance);
      expect(guest.call(lease.instance, "look")()).toBe(untouched);
      guest.call(lease.instance, "plant")(secret + BigInt(round));
    }
    afterRound();
  }
  return instances;
}

function lookOnce(guest: TestGuest<undefined>): unknown {
  using lease = guest.pool.take(undefined);
  return guest.call(lease.instance, "look")();
}

/** Also shows that the secret can be seen by who is in the same instance. */
function plantOnce(guest: TestGuest<undefined>, untouched: unknown): void {
  using lease = guest.pool.take(undefined);
  guest.call(lease.instance, "plant")(secret);
  expect(guest.call(lease.instance, "look")()).not.toBe(untouched);
}
