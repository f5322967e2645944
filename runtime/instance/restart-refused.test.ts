import { expect, test } from "vitest";
import { plantAndLook, plantAndLookExports, testGuest } from "./test-guest.ts";

const noop = `(func (export "plant") (param i64))`;
const zero = `(func (export "look") (result i64) (i64.const 0))`;
const secret = 42n;

/** State that nothing puts back: the component gets a new instance for each request. */
test.each<{ readonly name: string; readonly wat: string; readonly reason: RegExp }>([
  {
    name: "table.set",
    wat: plantAndLook(`
      (table $t 4 funcref) (func $f) (elem declare func $f)
      (func (export "plant") (param i64) (table.set $t (i32.const 1) (ref.func $f)))
      (func (export "look") (result i64)
        (i64.extend_i32_u (ref.is_null (table.get $t (i32.const 1)))))`),
    reason: /core module 0 uses table\.set/,
  },
  {
    name: "table.grow",
    wat: plantAndLook(`
      (table $t 4 funcref)
      (func (export "plant") (param i64)
        (drop (table.grow $t (ref.null func) (i32.const 3))))
      (func (export "look") (result i64) (i64.extend_i32_u (table.size $t)))`),
    reason: /uses table\.grow/,
  },
  {
    name: "table.fill",
    wat: plantAndLook(`
      (table $t 4 funcref) (func $f) (elem declare func $f)
      (func (export "plant") (param i64)
        (table.fill $t (i32.const 0) (ref.func $f) (i32.const 4)))
      (func (export "look") (result i64)
        (i64.extend_i32_u (ref.is_null (table.get $t (i32.const 3)))))`),
    reason: /uses table\.fill/,
  },
  {
    name: "table.copy",
    wat: plantAndLook(`
      (table $t 4 funcref) (func $f) (elem (i32.const 0) func $f)
      (func (export "plant") (param i64)
        (table.copy (i32.const 3) (i32.const 0) (i32.const 1)))
      (func (export "look") (result i64)
        (i64.extend_i32_u (ref.is_null (table.get $t (i32.const 3)))))`),
    reason: /uses table\.copy/,
  },
  {
    name: "table.init",
    wat: plantAndLook(`
      (table $t 4 funcref) (func $f) (elem $e func $f)
      (func (export "plant") (param i64)
        (table.init $e (i32.const 3) (i32.const 0) (i32.const 1)))
      (func (export "look") (result i64)
        (i64.extend_i32_u (ref.is_null (table.get $t (i32.const 3)))))`),
    reason: /uses table\.init/,
  },
  {
    name: "elem.drop",
    wat: plantAndLook(`
      (table $t 4 funcref) (func $f) (elem $e func $f)
      (func (export "plant") (param i64) (elem.drop $e))
      ${zero}`),
    reason: /uses elem\.drop/,
  },
  {
    name: "data.drop",
    wat: plantAndLook(`
      (memory 1) (data $d "0123456789abcdef") (global $dropped (mut i32) (i32.const 0))
      (func (export "plant") (param i64) (data.drop $d))
      (func (export "look") (result i64)
        (memory.init $d (i32.const 0) (i32.const 0) (i32.const 8)) (i64.load (i32.const 0)))`),
    reason: /uses data\.drop/,
  },
  {
    name: "a table that another module changes",
    wat: `(component
      (core module $a (table (export "t") 4 funcref)
        (func (export "look") (result i64)
          (i64.extend_i32_u (ref.is_null (table.get 0 (i32.const 1)))))
        ${noop})
      (core instance $i (instantiate $a))
      (core module $b (import "a" "t" (table 4 funcref)) (func $f) (elem declare func $f)
        (func (export "set") (table.set 0 (i32.const 1) (ref.func $f))))
      (core instance $b (instantiate $b (with "a" (instance $i))))
      ${plantAndLookExports})`,
    reason: /core module 1 uses table\.set/,
  },
  {
    name: "garbage-collected objects",
    wat: plantAndLook(`
      (type $box (struct (field $value (mut i64))))
      (func (export "plant") (param i64) (drop (struct.new $box (local.get 0))))
      ${zero}`),
    reason: /garbage-collected/,
  },
  {
    name: "a global that holds an exception",
    wat: plantAndLook(`
      (global (mut exnref) (ref.null exn)) ${noop} ${zero}`),
    reason: /mutable global of type 0x69/,
  },
  {
    name: "a global that holds a typed reference",
    wat: plantAndLook(`
      (type $t (func)) (global (mut (ref null $t)) (ref.null $t)) ${noop} ${zero}`),
    reason: /mutable global of type 0x63/,
  },
  {
    name: "a global that holds a vector",
    wat: plantAndLook(`
      (global $g (mut v128) (v128.const i64x2 0 0))
      (func (export "plant") (param i64) (global.set $g (i64x2.splat (local.get 0))))
      (func (export "look") (result i64) (i64x2.extract_lane 0 (global.get $g)))`),
    reason: /mutable global of type 0x7b/,
  },
  {
    name: "a shared memory",
    wat: plantAndLook(`
      (memory 1 1 shared)
      (func (export "plant") (param i64) (i64.atomic.store (i32.const 0) (local.get 0)))
      (func (export "look") (result i64) (i64.atomic.load (i32.const 0)))`),
    reason: /shared/,
  },
  {
    name: "a memory with 64-bit addresses",
    wat: plantAndLook(`
      (memory i64 1)
      (func (export "plant") (param i64) (i64.store (i64.const 0) (local.get 0)))
      (func (export "look") (result i64) (i64.load (i64.const 0)))`),
    reason: /64-bit/,
  },
  {
    name: "names of the kind that a rewrite adds",
    wat: plantAndLook(`(memory (export "whorl:memory:0") 1) ${noop} ${zero}`),
    reason: /"whorl:"/,
  },
])("$name: refused, and each request has a new instance", async ({ wat, reason }) => {
  const guest = await testGuest<undefined>(wat);
  expect(guest.prepared.reset).toEqual({
    kind: "refused",
    reason: expect.stringMatching(reason) as string,
  });
  const instances = new Set<unknown>();
  const found = new Set<unknown>();
  for (let request = 0; request < 20; request++) {
    using lease = guest.pool.take(undefined);
    instances.add(lease.instance);
    found.add(guest.call(lease.instance, "look")());
    guest.call(lease.instance, "plant")(secret);
  }
  expect(instances.size).toBe(20);
  expect(found.size).toBe(1);
});
