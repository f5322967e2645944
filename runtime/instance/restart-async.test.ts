import { describe, expect, test } from "vitest";
import { plantAndLookExports, testGuest } from "./test-guest.ts";

const builtins = `
  (type $stream (stream u8))
  (type $future (future u32))
  (core func $set-new (canon waitable-set.new))
  (core func $context-get (canon context.get i32 0))
  (core func $context-set (canon context.set i32 0))
  (core func $stream-new (canon stream.new $stream))
  (core func $future-new (canon future.new $future))
  (core instance $builtins
    (export "set-new" (func $set-new))
    (export "context-get" (func $context-get)) (export "context-set" (func $context-set))
    (export "stream-new" (func $stream-new)) (export "future-new" (func $future-new)))`;

function guest(functions: string): string {
  return `(component ${builtins}
    (core module $m
      (import "" "set-new" (func $set-new (result i32)))
      (import "" "context-get" (func $context-get (result i32)))
      (import "" "context-set" (func $context-set (param i32)))
      (import "" "stream-new" (func $stream-new (result i64)))
      (import "" "future-new" (func $future-new (result i64)))
      ${functions})
    (core instance $i (instantiate $m (with "" (instance $builtins))))
    ${plantAndLookExports})`;
}

/** State of the host's side of asynchronous components. */
const states: readonly { readonly name: string; readonly wat: string }[] = [
  {
    name: "a waitable set left open",
    wat: guest(`
      (func (export "plant") (param i64) (drop (call $set-new)) (drop (call $set-new)))
      (func (export "look") (result i64) (i64.extend_i32_u (call $set-new)))`),
  },
  {
    name: "a stream left open",
    wat: guest(`
      (func (export "plant") (param i64) (drop (call $stream-new)))
      (func (export "look") (result i64) (call $stream-new))`),
  },
  {
    name: "a future left open",
    wat: guest(`
      (func (export "plant") (param i64) (drop (call $future-new)))
      (func (export "look") (result i64) (call $future-new))`),
  },
  {
    name: "the context of a task",
    wat: guest(`
      (func (export "plant") (param i64) (call $context-set (i32.wrap_i64 (local.get 0))))
      (func (export "look") (result i64) (i64.extend_i32_u (call $context-get)))`),
  },
  {
    name: "memory of an asynchronous component",
    wat: guest(`
      (memory 1)
      (func (export "plant") (param i64)
        (drop (call $stream-new)) (i64.store (i32.const 8) (local.get 0)))
      (func (export "look") (result i64) (i64.load (i32.const 8)))`),
  },
];

describe.each(states)("$name", ({ wat }) => {
  test("is not found by later requests", async () => {
    const { pool, call } = await testGuest<undefined>(wat);
    const look = async (): Promise<unknown> => {
      using lease = pool.take(undefined);
      return await (call(lease.instance, "look")() as Promise<unknown>);
    };
    const plant = async (): Promise<void> => {
      using lease = pool.take(undefined);
      await (call(lease.instance, "plant")(0x5ecn) as Promise<unknown>);
    };
    const untouched = await look();
    await plant();
    for (let request = 0; request < 500; request++) {
      if (request % 10 === 0) await plant();
      expect(await look()).toBe(untouched);
    }
  });

  test("is not found by requests at the same time", async () => {
    const { pool, call } = await testGuest<undefined>(wat);
    using first = pool.take(undefined);
    const untouched: unknown = await call(first.instance, "look")();
    const others = Array.from({ length: 8 }, () => pool.take(undefined));
    await Promise.all(others.map(({ instance }) => call(instance, "plant")(1n) as unknown));
    for (const lease of others) lease[Symbol.dispose]();
    const found = await Promise.all(
      others.map(async () => {
        using lease = pool.take(undefined);
        return (await call(lease.instance, "look")()) as unknown;
      }),
    );
    expect(found).toEqual(others.map(() => untouched));
  });
});
