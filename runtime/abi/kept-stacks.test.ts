import { describe, expect, test } from "vitest";
import type { CoreFuncType } from "../component/types.ts";
import { encode } from "../component/test-wat.ts";
import type { CoreFunction } from "./core-function.ts";
import { KeptStacks } from "./kept-stacks.ts";

const signatures: readonly CoreFuncType[] = [
  { params: ["i32"], results: ["i32"] },
  { params: ["i64", "f32", "f64", "i32"], results: ["f64"] },
  { params: [], results: [] },
];

interface Guest {
  /** What `wait` gives back, or throws. */
  wait: (value: number) => unknown;
  readonly stacks: KeptStacks;
  readonly exports: Record<string, CoreFunction>;
}

async function guest(): Promise<Guest> {
  const bytes = await encode(`(module
    (import "host" "wait" (func $wait (param i32) (result i32)))
    (func (export "wait") (param i32) (result i32) (call $wait (local.get 0)))
    (func (export "sum") (param i64 f32 f64 i32) (result f64)
      (f64.add (f64.add (f64.convert_i64_s (local.get 0)) (f64.promote_f32 (local.get 1)))
        (f64.add (local.get 2) (f64.convert_i32_s (local.get 3)))))
    (func (export "nothing"))
    (func $deep (export "deep") (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
        (else (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))))
    (func (export "trap") (param i32) (result i32) unreachable))`);
  const wait = new WebAssembly.Suspending((value: number) => given.wait(value));
  const module = new WebAssembly.Module(bytes);
  const { exports } = new WebAssembly.Instance(module, { host: { wait } });
  const given: Guest = {
    wait: (value) => value,
    stacks: new KeptStacks(signatures),
    exports: exports as Record<string, CoreFunction>,
  };
  return given;
}

function suspendable({ stacks, exports }: Guest, name: string, signature = 0): CoreFunction {
  const callee = exports[name];
  if (callee === undefined) throw new Error(`no ${name}`);
  return stacks.suspendable(signature, callee);
}

describe("stacks that are kept", () => {
  test.each<{ name: string; signature: number; args: readonly unknown[]; gives: unknown }>([
    { name: "wait", signature: 0, args: [41], gives: 41 },
    { name: "sum", signature: 1, args: [1n, 0.5, 0.25, -2], gives: -0.25 },
    { name: "nothing", signature: 2, args: [], gives: undefined },
  ])("$name: arguments arrive and the result comes, time and again", async (each) => {
    const call = suspendable(await guest(), each.name, each.signature);
    for (let times = 0; times < 3; times++) expect(await call(...each.args)).toBe(each.gives);
  });

  test("calls one after the other run on one stack, calls at once on as many", async () => {
    const given = await guest();
    const call = suspendable(given, "wait");
    for (let times = 0; times < 5; times++) await call(times);
    expect(given.stacks.waiting).toBe(1);
    const gate = Promise.withResolvers<void>();
    given.wait = async (value: number) => {
      await gate.promise;
      return value * 2;
    };
    const calls = [1, 2, 3].map(async (value) => (await call(value)) as number);
    expect(given.stacks.waiting).toBe(0);
    gate.resolve();
    expect(await Promise.all(calls)).toEqual([2, 4, 6]);
    expect(given.stacks.waiting).toBe(3);
  });

  test("what waits is given back, the longest first, and later calls get a new one", async () => {
    const given = await guest();
    const call = suspendable(given, "wait");
    await Promise.all([call(1), call(2), call(3)]);
    given.stacks.trim(1);
    expect(given.stacks.waiting).toBe(1);
    given.stacks.trim();
    expect(given.stacks.waiting).toBe(0);
    expect(await call(4)).toBe(4);
  });

  test.each<{ name: string; export: string; wait?: () => unknown; says: RegExp }>([
    { name: "a trap", export: "trap", says: /unreachable/ },
    {
      name: "an error of the host",
      export: "wait",
      wait: () => {
        throw new Error("no such luck");
      },
      says: /no such luck/,
    },
    {
      name: "an error of the host, later",
      export: "wait",
      wait: () => Promise.reject(new Error("no such luck")),
      says: /no such luck/,
    },
  ])("$name ends its own call and stack, no other", async ({ wait, says, ...each }) => {
    const given = await guest();
    const echo = suspendable(given, "wait");
    await Promise.all([echo(1), echo(2)]);
    if (wait !== undefined) given.wait = wait;
    await expect(suspendable(given, each.export)(7)).rejects.toThrow(says);
    expect(given.stacks.waiting).toBe(1);
    given.wait = (value) => value;
    expect(await Promise.all([echo(3), echo(4)])).toEqual([3, 4]);
  });

  test("recursion without end uses up a stack and not the process", async () => {
    const given = await guest();
    const call = suspendable(given, "deep");
    expect(await call(1000)).toBe(1000);
    await expect(call(100_000_000)).rejects.toThrow(/call stack/);
    expect(await call(1000)).toBe(1000);
  });
});
