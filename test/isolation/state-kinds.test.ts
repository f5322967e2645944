import { expect, test } from "vitest";
import { exportedFunction, plantAndLook, testGuest } from "../../runtime/instance/test-guest.ts";
import { Scarcity } from "./scarcity.ts";

const requests = 10_000;
const concurrency = 4;

/** Where a guest can leave a number: how it is put there, and how it is looked for. */
const kinds: readonly (readonly [string, "proved" | "refused", string])[] = [
  [
    "memory that data fills",
    "proved",
    `(memory 1) (data (i32.const 64) "\\05\\00\\00\\00\\00\\00\\00\\00")
     (func (export "plant") (param i64) (i64.store (i32.const 64) (local.get 0)))
     (func (export "look") (result i64) (i64.sub (i64.load (i32.const 64)) (i64.const 5)))`,
  ],
  [
    "memory behind all data",
    "proved",
    `(memory 3) (data (i32.const 0) "begin")
     (func (export "plant") (param i64) (i64.store (i32.const 196600) (local.get 0)))
     (func (export "look") (result i64) (i64.load (i32.const 196600)))`,
  ],
  [
    "memory that it grows into",
    "proved",
    `(memory 1)
     (func (export "plant") (param i64)
       (drop (memory.grow (i32.const 2)))
       (i64.store (i32.const 131072) (local.get 0)))
     (func (export "look") (result i64)
       (if (i32.ne (memory.size) (i32.const 1)) (then (return (i64.const -1))))
       (drop (memory.grow (i32.const 2)))
       (i64.load (i32.const 131072)))`,
  ],
  [
    "the size of memory",
    "proved",
    `(memory 1)
     (func (export "plant") (param i64) (drop (memory.grow (i32.const 1))))
     (func (export "look") (result i64) (i64.extend_i32_u (i32.sub (memory.size) (i32.const 1))))`,
  ],
  [
    "a second memory",
    "proved",
    `(memory 1) (memory $b 1)
     (func (export "plant") (param i64) (i64.store $b (i32.const 8) (local.get 0)))
     (func (export "look") (result i64) (i64.load $b (i32.const 8)))`,
  ],
  [
    "a global that nobody sees",
    "proved",
    `(global $g (mut i64) (i64.const 0))
     (func (export "plant") (param i64) (global.set $g (local.get 0)))
     (func (export "look") (result i64) (global.get $g))`,
  ],
  [
    "a global that is exported",
    "proved",
    `(global $g (export "g") (mut f64) (f64.const 0))
     (func (export "plant") (param i64) (global.set $g (f64.reinterpret_i64 (local.get 0))))
     (func (export "look") (result i64) (i64.reinterpret_f64 (global.get $g)))`,
  ],
  [
    "a global with a function",
    "proved",
    `(global $g (mut funcref) (ref.null func)) (elem declare func $plant)
     (func $plant (export "plant") (param i64) (global.set $g (ref.func $plant)))
     (func (export "look") (result i64)
       (i64.extend_i32_u (i32.eqz (ref.is_null (global.get $g)))))`,
  ],
  [
    "an element of a table",
    "refused",
    `(table 1 funcref) (elem declare func $plant)
     (func $plant (export "plant") (param i64) (table.set (i32.const 0) (ref.func $plant)))
     (func (export "look") (result i64)
       (i64.extend_i32_u (i32.eqz (ref.is_null (table.get (i32.const 0))))))`,
  ],
  [
    "the size of a table",
    "refused",
    `(table 1 funcref)
     (func (export "plant") (param i64) (drop (table.grow (ref.null func) (i32.const 1))))
     (func (export "look") (result i64) (i64.extend_i32_u (i32.sub (table.size) (i32.const 1))))`,
  ],
  [
    "a data segment that is dropped",
    "refused",
    `(memory 1) (data $d "\\00\\00\\00\\00\\00\\00\\00\\00")
     (func (export "plant") (param i64) (data.drop $d))
     (func (export "look") (result i64)
       (memory.init $d (i32.const 0) (i32.const 0) (i32.const 8)) (i64.const 0))`,
  ],
  [
    "an element segment that is dropped",
    "refused",
    `(table 1 funcref) (elem $e func $look)
     (func (export "plant") (param i64) (elem.drop $e))
     (func $look (export "look") (result i64)
       (table.init $e (i32.const 0) (i32.const 0) (i32.const 1)) (i64.const 0))`,
  ],
];

test.each(kinds)(
  "%s does not reach a later request",
  { timeout: 120_000 },
  async (_name, proof, fields) => {
    const { prepared, pool } = await testGuest<undefined>(plantAndLook(fields));
    expect(prepared.reset.kind).toBe(proof);
    const plant = exportedFunction(prepared, "plant");
    const look = exportedFunction(prepared, "look");
    const scarcity = new Scarcity(pool);
    for (let request = 0; request < requests; request += concurrency) {
      const leases = Array.from({ length: concurrency }, () => pool.take(undefined));
      for (const { instance } of leases) expect(instance.lifted(look)()).toBe(0n);
      for (const { instance } of leases) instance.lifted(plant)(0x5ec2_e75e_c2e7n);
      for (const lease of leases) {
        lease[Symbol.dispose]();
        scarcity.request();
      }
    }
  },
);
