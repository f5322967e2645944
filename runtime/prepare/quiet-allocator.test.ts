import { expect, test } from "vitest";
import { encode } from "../component/test-wat.ts";
import { readCoreSections, sectionIds, writeCoreSections } from "./core-sections.ts";
import { withQuietAllocator } from "./quiet-allocator.ts";

type Exports = Record<string, (...values: number[]) => unknown>;

/** Functions of the module, each with the count of constructors and destructors run so far. */
async function calls(fields: string): Promise<Exports> {
  const bytes = await encode(`(module
    (global $runs (mut i32) (i32.const 0))
    (func $other)
    (func $constructors (global.set $runs (i32.add (global.get $runs) (i32.const 1))))
    (func $destructors (global.set $runs (i32.add (global.get $runs) (i32.const 100))))
    (func (export "runs") (result i32) (global.get $runs))
    ${fields})`);
  const code = withQuietAllocator(bytes);
  const sections = readCoreSections(bytes);
  const contents = new Map(sections.contents);
  if (code !== undefined) contents.set(sectionIds.code, code);
  const module = new WebAssembly.Module(writeCoreSections({ ...sections, contents }));
  return new WebAssembly.Instance(module).exports as Exports;
}

const free = `(func (export "canonical_abi_free") (param i32 i32 i32)
  (call $constructors) (call $destructors))`;

test("constructors and destructors are taken out of the allocator alone", async () => {
  const exports = await calls(`${free}
    (func (export "canonical_abi_realloc") (param i32 i32 i32 i32) (result i32)
      (local i64 f32)
      (call $constructors) (i32.add (local.get 0) (local.get 3)) (call $destructors))`);
  expect(exports["canonical_abi_realloc"]?.(1, 0, 0, 2)).toBe(3);
  expect(exports["runs"]?.()).toBe(0);
  exports["canonical_abi_free"]?.(0, 0, 0);
  expect(exports["runs"]?.()).toBe(101);
});

test.each([
  [
    "without destructors",
    `(func (export "canonical_abi_realloc") (param i32 i32 i32 i32) (result i32)
      (call $constructors) (i32.const 7))`,
    0,
  ],
  [
    "that begins with a call of its own",
    `(func (export "canonical_abi_realloc") (param i32 i32 i32 i32) (result i32)
      (call $other) (call $constructors) (i32.const 7))`,
    1,
  ],
  [
    "that begins with something else",
    `(func (export "canonical_abi_realloc") (param i32 i32 i32 i32) (result i32)
      (i32.const 7) (call $constructors))`,
    1,
  ],
])("an allocator %s does what it did", async (_name, realloc, runs) => {
  const exports = await calls(`${free} ${realloc}`);
  expect(exports["canonical_abi_realloc"]?.(0, 0, 0, 0)).toBe(7);
  expect(exports["runs"]?.()).toBe(runs);
});

test.each([
  ["no allocator", ""],
  ["no deallocator", `(func (export "canonical_abi_realloc") (param i32) (call $constructors))`],
])("%s: nothing is changed", async (_name, fields) => {
  expect(withQuietAllocator(await encode(`(module (func $constructors) ${fields})`))).toBe(
    undefined,
  );
});
