import { expect, test } from "vitest";
import { encode } from "../component/test-wat.ts";
import { writeCoreSections } from "./core-sections.ts";
import { readModuleFacts } from "./module-facts.ts";
import { bareModule, makeResettable, type ResettableState } from "./resettable-module.ts";

type Imports = Record<string, Record<string, unknown>>;
type Exports = Record<string, (...values: unknown[]) => unknown>;

interface Rewritten {
  readonly original: Uint8Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly bare: Uint8Array<ArrayBuffer>;
  readonly state: ResettableState;
}

async function rewrite(wat: string, isSizeShared = false): Promise<Rewritten> {
  const original = await encode(wat);
  const module = makeResettable(readModuleFacts(original), { isSizeShared });
  const bytes = writeCoreSections(module.sections);
  return { original, bytes, bare: bareModule(module), state: module.state };
}

function instantiate(bytes: Uint8Array<ArrayBuffer>, imports: Imports = {}): Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports as Exports;
}

/** Everything that can name a global, in one module: own globals stand behind the imported count. */
const everyPlaceOfGlobals = `(module
  (import "host" "offset" (global $offset i32))
  (import "host" "memory" (memory $memory 1))
  (import "host" "changing" (global $changing (mut i32)))
  (import "host" "f" (func $f (result i32)))
  (global $own (mut i32) (i32.const 5))
  (global $constant i32 (i32.const 3))
  (global $copy (export "copy") i32 (global.get $offset))
  (global $sum (export "sum") i32 (i32.add (global.get $offset) (global.get $constant)))
  (global $function funcref (ref.func $f))
  (table $t 20 funcref)
  (table $filled 2 funcref (ref.func $f))
  (elem (table $t) (global.get $offset) func $f)
  (elem (table $t) (offset (global.get $constant)) funcref (ref.func $f) (global.get $function))
  (elem declare func $f)
  (elem $passive funcref (global.get $function) (ref.null func))
  (data (memory $memory) (global.get $offset) "A")
  (data (offset (global.get $constant)) "B")
  (data $later "C")
  (export "own" (global $own))
  (func (export "run") (param $delta i32) (result i32 i32 i32 i32 i32)
    (local $before i32)
    (global.set $own (i32.add (global.get $own) (local.get $delta)))
    (global.set $changing (i32.add (global.get $changing) (i32.const 1)))
    (local.set $before (memory.grow (local.get $delta)))
    (memory.init $later (i32.const 0) (i32.const 0) (i32.const 1))
    (memory.size) (local.get $before) (global.get $own) (global.get $changing)
    (i32.add (global.get $sum) (i32.load (i32.const 0))))
  (func (export "isNull") (param i32) (result i32)
    (ref.is_null (table.get $t (local.get 0)))))`;

function hostOf(): { readonly imports: Imports; readonly memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 6 });
  const f = instantiate(
    new Uint8Array([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 6,
      1, 4, 0, 65, 7, 11,
    ]),
  )["f"];
  const changing = new WebAssembly.Global({ value: "i32", mutable: true }, 100);
  const pages = new WebAssembly.Global({ value: "i32", mutable: true }, 1);
  const offset = new WebAssembly.Global({ value: "i32" }, 12);
  return {
    memory,
    imports: { host: { offset, memory, changing, f, "whorl:pages:memory": pages } },
  };
}

test("a module whose globals are renumbered does what it did", async () => {
  const { original, bytes } = await rewrite(everyPlaceOfGlobals, true);
  const before = hostOf();
  const after = hostOf();
  const left = instantiate(original, before.imports);
  const right = instantiate(bytes, after.imports);
  for (const delta of [0, 2, 1, 5, -1, 2])
    expect(right["run"]?.(delta)).toEqual(left["run"]?.(delta));
  for (let index = 0; index < 20; index++) {
    expect(right["isNull"]?.(index)).toBe(left["isNull"]?.(index));
  }
  expect(new Uint8Array(after.memory.buffer)).toEqual(new Uint8Array(before.memory.buffer));
  for (const name of ["own", "copy", "sum"]) {
    expect((right[name] as { value?: unknown } | undefined)?.value, name).toBe(
      (left[name] as { value?: unknown } | undefined)?.value,
    );
  }
});

test("only mutable globals that are defined here are state of the module", async () => {
  const { state } = await rewrite(everyPlaceOfGlobals, true);
  // Imported: offset, changing, count of pages; own: the fourth.
  expect(state).toEqual({ memories: [], globals: ["whorl:global:3"] });
});

test.each([
  ["with a maximum", "(memory 1 4)"],
  ["without a maximum", "(memory 1)"],
  ["of no pages", "(memory 0 3)"],
  ["that is as large as it may be", "(memory 4 4)"],
])("memory.grow and memory.size of a memory %s answer as before", async (_name, memory) => {
  const { original, bytes } = await rewrite(`(module ${memory}
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) (memory.size)))`);
  const left = instantiate(original);
  const right = instantiate(bytes);
  for (const delta of [0, 1, 65_537, -1, 0x7fff_ffff, 2, 1, 1, 70_000]) {
    expect(right["grow"]?.(delta), `by ${delta}`).toBe(left["grow"]?.(delta));
    expect(right["size"]?.()).toBe(left["size"]?.());
  }
});

test("a count that was put back lets the memory grow again into the pages it has", async () => {
  const { bytes, state } = await rewrite(`(module (memory 1 4)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) (memory.size)))`);
  const exports = instantiate(bytes) as unknown as Record<string, { value: number }> & Exports;
  const memory = exports["whorl:memory:0"] as unknown as WebAssembly.Memory;
  const [count = ""] = state.globals;
  expect(exports["grow"]?.(2)).toBe(1);
  const global = exports[count];
  if (global === undefined) throw new Error("no count");
  global.value = 1;
  expect(exports["size"]?.()).toBe(1);
  expect(exports["grow"]?.(1)).toBe(1);
  expect(memory.buffer.byteLength).toBe(3 * 65_536);
  expect(exports["grow"]?.(2)).toBe(2);
  expect(exports["grow"]?.(1)).toBe(-1);
});

test("each of several memories has its own size", async () => {
  const wat = `(module (memory $a 1) (memory $b 2 3)
    (func (export "growA") (param i32) (result i32) (memory.grow $a (local.get 0)))
    (func (export "growB") (param i32) (result i32) (memory.grow $b (local.get 0)))
    (func (export "sizes") (result i32 i32) (memory.size $a) (memory.size $b)))`;
  const { original, bytes, state } = await rewrite(wat);
  expect(state.memories).toEqual([
    { name: "whorl:memory:0", hasLogicalSize: true },
    { name: "whorl:memory:1", hasLogicalSize: true },
  ]);
  const left = instantiate(original);
  const right = instantiate(bytes);
  for (const [name, delta] of [
    ["growA", 3],
    ["growB", 1],
    ["growB", 1],
    ["growA", 1],
  ] as const) {
    expect(right[name]?.(delta)).toBe(left[name]?.(delta));
    expect(right["sizes"]?.()).toEqual(left["sizes"]?.());
  }
});

test("a memory that nobody asks for its size has no count", async () => {
  const { state } = await rewrite(`(module (memory (export "memory") 1))`);
  expect(state).toEqual({
    memories: [{ name: "whorl:memory:0", hasLogicalSize: false }],
    globals: [],
  });
});

test("the bare module leaves its memory alone but fills its tables", async () => {
  const { bytes, bare } = await rewrite(`(module
    (memory (export "memory") 1) (table $t 2 funcref) (elem (i32.const 1) func $start)
    (data (i32.const 0) "abc") (data $passive "def")
    (global $started (export "started") (mut i32) (i32.const 0))
    (func $start (global.set $started (i32.const 1)))
    (start $start)
    (func (export "copy") (param i32)
      (memory.init 0 (i32.const 8) (i32.const 0) (local.get 0)))
    (func (export "copyPassive") (memory.init $passive (i32.const 16) (i32.const 0) (i32.const 3)))
    (func (export "call") (call_indirect (i32.const 1))))`);
  for (const [module, started, first] of [
    [bytes, 1, "abc"],
    [bare, 0, "\0\0\0"],
  ] as const) {
    const exports = instantiate(module) as unknown as Record<string, { value: number }> & Exports;
    const memory = exports["memory"] as unknown as WebAssembly.Memory;
    const text = (at: number): string => Buffer.from(memory.buffer).toString("latin1", at, at + 3);
    expect(exports["started"]?.value).toBe(started);
    expect(text(0)).toBe(first);
    // An active segment is dropped after instantiation.
    exports["copy"]?.(0);
    expect(() => exports["copy"]?.(1)).toThrow(/out of bounds/);
    exports["copyPassive"]?.();
    expect(text(16)).toBe("def");
    exports["call"]?.();
    expect(exports["started"]?.value).toBe(1);
  }
});
