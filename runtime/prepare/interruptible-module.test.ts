import { Worker } from "node:worker_threads";
import { afterAll, expect, test } from "vitest";
import { encode } from "../component/test-wat.ts";
import { writeCoreSections } from "./core-sections.ts";
import { hostModuleName, interruptName, makeInterruptible } from "./interruptible-module.ts";
import { readModuleFacts } from "./module-facts.ts";

const page = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const word = new Int32Array(page.buffer, 0, 1);

/** Another thread that sets the flag some time after it was asked to. */
const tripper = new Worker(
  `const { parentPort, workerData } = require("node:worker_threads");
   parentPort.on("message", () => setTimeout(() => Atomics.store(workerData, 0, -1), 20));`,
  { eval: true, workerData: word },
);
afterAll(() => tripper.terminate());

type Call = (...values: number[]) => number;

async function rewritten(wat: string) {
  const facts = readModuleFacts(await encode(wat));
  const { sections, host } = makeInterruptible(facts, facts.sections);
  const memories = host.memories.map(({ name, initial, maximum }) => {
    const bounds = { initial, ...(maximum === undefined ? {} : { maximum }) };
    return [name, new WebAssembly.Memory(bounds)] as const;
  });
  return {
    host,
    instantiate(imports: Record<string, Record<string, unknown>> = {}): Record<string, Call> {
      const given = { ...Object.fromEntries(memories), [interruptName]: page };
      const module = new WebAssembly.Module(writeCoreSections(sections));
      const all = { ...imports, [hostModuleName]: given };
      return new WebAssembly.Instance(module, all).exports as Record<string, Call>;
    },
  };
}

const fibonacci = `
  (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
    (then (local.get 0))
    (else (i32.add
      (call_it (i32.sub (local.get 0) (i32.const 1)))
      (call_it (i32.sub (local.get 0) (i32.const 2))))))`;

/** Modules with a function `run` that does not return in any time that a test could wait. */
const endless: readonly (readonly [string, string])[] = [
  ["an empty loop", `(func (export "run") (param i32) (result i32) (loop br 0) i32.const 0)`],
  [
    "a loop with a value on the stack",
    `(func (export "run") (param i32) (result i32)
       i32.const 7 (loop (param i32) (result i32) br 0))`,
  ],
  [
    "a loop that only computes",
    `(func (export "run") (param i32) (result i32)
       (loop (local.set 0 (i32.mul (local.get 0) (i32.const 3))) (br 0)) unreachable)`,
  ],
  [
    "a loop over memory",
    `(memory 2) (func (export "run") (param i32) (result i32)
       (loop
         (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
         (br_if 0 (i32.ne (i32.load (i32.const 65540)) (i32.const 1))))
       i32.const 0)`,
  ],
  [
    "a loop that catches everything",
    `(tag $e) (func $inner (loop br 0))
     (func (export "run") (param i32) (result i32)
       (loop (block (try_table (catch_all 0) (call $inner))) (br 0)) unreachable)`,
  ],
  [
    "recursion without a loop",
    `(func $run (export "run") (param i32) (result i32)
       ${fibonacci.replaceAll("call_it", "call $run")})`,
  ],
  [
    "recursion over two functions",
    `(func $a (export "run") (param i32) (result i32) (call $b (local.get 0)))
     (func $b (param i32) (result i32) ${fibonacci.replaceAll("call_it", "call $a")})`,
  ],
  [
    "recursion through a table",
    `(table 1 funcref) (elem (i32.const 0) $run) (type $t (func (param i32) (result i32)))
     (func $at (param i32) (result i32)
       (call_indirect (type $t) (local.get 0) (i32.const 0)))
     (func $run (export "run") (param i32) (result i32)
       ${fibonacci.replaceAll("call_it", "call $at")})`,
  ],
  [
    "a tail call of itself",
    `(func $run (export "run") (param i32) (result i32) (return_call $run (local.get 0)))`,
  ],
  [
    "a tail call through a table",
    `(table 1 funcref) (elem (i32.const 0) $run) (type $t (func (param i32) (result i32)))
     (func $run (export "run") (param i32) (result i32)
       (return_call_indirect (type $t) (local.get 0) (i32.const 0)))`,
  ],
];

test.each(endless)("%s ends when the flag is set", async (_name, fields) => {
  const { instantiate, host } = await rewritten(`(module ${fields})`);
  expect(host.isWatched).toBe(true);
  const { run } = instantiate();
  // So that optimised code is tested too: it is entered in the middle of the loop.
  for (let round = 0; round < 2; round++) {
    Atomics.store(word, 0, 1);
    tripper.postMessage("");
    expect(() => run?.(100)).toThrow(/null/);
  }
});

test("recursion through another module ends when the flag is set", async () => {
  const wat = (from: string) => `(module
    (import "other" "f" (func $other (param i32) (result i32)))
    (func (export "f") (param i32) (result i32) ${from}))`;
  const first = await rewritten(wat(fibonacci.replaceAll("call_it", "call $other")));
  const second = await rewritten(wat("(call $other (local.get 0))"));
  const f: { call?: Call | undefined } = {};
  const entry = second.instantiate({ other: { f: (value: number) => f.call?.(value) } });
  const run = first.instantiate({ other: { f: entry["f"] } })["f"];
  f.call = run;
  Atomics.store(word, 0, 1);
  tripper.postMessage("");
  expect(() => run?.(100)).toThrow(/null/);
});

test("what a module computes stays the same", async () => {
  Atomics.store(word, 0, 1);
  const { instantiate, host } = await rewritten(`(module
    (import "m" "f" (func $f (param i32) (result i32)))
    (memory $m 1 3) (memory $n 2)
    (data (memory $n) (i32.const 4) "\\07")
    (func (export "sum") (param i32) (result i32) (local i32)
      (loop
        (local.set 1 (i32.add (local.get 1) (call $f (local.get 0))))
        (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (i32.add (local.get 1) (i32.load8_u $n (i32.const 4))))
    (func (export "grow") (param i32) (result i32) (memory.grow $m (local.get 0)))
    (func (export "size") (result i32) (memory.size $n)))`);
  expect(host).toEqual({
    memories: [
      { name: "memory:0", initial: 1, maximum: 3 },
      { name: "memory:1", initial: 2, maximum: undefined },
    ],
    isWatched: true,
  });
  const { sum, grow, size } = instantiate({ m: { f: (value: number) => value * 2 } });
  expect(sum?.(10)).toBe(117);
  expect([grow?.(2), grow?.(1), size?.()]).toEqual([1, -1, 2]);
});

test("a module in which nothing can run for long gets no checks", async () => {
  const { host } = await rewritten(`(module (memory 1)
    (func $a (result i32) (i32.load (i32.const 0)))
    (func (export "b") (result i32) (i32.add (call $a) (call $a))))`);
  expect(host).toEqual({
    memories: [{ name: "memory:0", initial: 1, maximum: undefined }],
    isWatched: false,
  });
});
