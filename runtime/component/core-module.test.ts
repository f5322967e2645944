import { parse } from "@bytecodealliance/jco";
import { expect, test } from "vitest";
import { readCoreModuleType } from "./core-module.ts";
import type { CoreModuleType } from "./core-types.ts";
import {
  type Bytes,
  component,
  componentPreamble,
  modulePreamble,
  name,
  section,
  vec,
} from "./test-binary.ts";

async function read(wat: string): Promise<CoreModuleType> {
  const bytes = new Uint8Array(await parse(wat));
  return readCoreModuleType(bytes, 0, bytes.length);
}

test("imports and exports carry their types", async () => {
  const type = await read(`(module
    (import "a" "f" (func (param i32 i64 f32 f64 v128 funcref externref) (result i32)))
    (import "a" "t" (table 1 2 externref))
    (import "a" "m" (memory i64 1 2 shared))
    (import "a" "g" (global (mut f64)))
    (import "a" "e" (tag (param i32)))
    (func $own (param i64))
    (export "f" (func 0)) (export "own" (func $own)) (export "t" (table 0))
    (export "m" (memory 0)) (export "g" (global 0)) (export "e" (tag 0)))`);
  const limits = { min: 1n, max: 2n, shared: false, wide: false };
  const func = {
    kind: "func",
    type: {
      params: ["i32", "i64", "f32", "f64", "v128", "funcref", "externref"],
      results: ["i32"],
    },
  };
  const table = { kind: "table", element: "externref", limits };
  const memory = { kind: "memory", limits: { ...limits, shared: true, wide: true } };
  const global = { kind: "global", value: "f64", mutable: true };
  const tag = { kind: "tag", type: { params: ["i32"], results: [] } };
  expect(type.imports.map((item) => item.type)).toEqual([func, table, memory, global, tag]);
  expect(type.exports).toEqual(
    new Map<string, object>([
      ["f", func],
      ["own", { kind: "func", type: { params: ["i64"], results: [] } }],
      ["t", table],
      ["m", memory],
      ["g", global],
      ["e", tag],
    ]),
  );
});

test("what stands between the declarations and the exports is passed over", async () => {
  const type = await read(`(module
    (rec (type $s (sub (struct (field (mut i8)) (field (ref null $s))))) (type $f (func (param (ref $s)))))
    (type $a (array (mut i16)))
    (func $x (type $f))
    (table 1 (ref func) (ref.func $x))
    (global $c i32 (i32.const -70000))
    (global i64 (i64.const 0x7fffffffffffffff))
    (global f32 (f32.const 1.5)) (global f64 (f64.const 1.5))
    (global v128 (v128.const i64x2 1 2))
    (global funcref (ref.null func))
    (global i32 (i32.add (global.get $c) (i32.mul (i32.const 2) (i32.const 3))))
    (global (ref $a) (array.new_fixed $a 2 (i32.const 1) (i32.const 2)))
    (global (export "g") (ref $s) (struct.new_default $s))
    (func (export "x") (result i32) i32.const 0))`);
  expect(type.exports.get("g")).toEqual({ kind: "global", value: "ref type 0", mutable: false });
  expect(type.exports.get("x")).toEqual({ kind: "func", type: { params: [], results: ["i32"] } });
});

const funcType = section(1, vec([0x60, 0x00, 0x00]));

test.each([
  { what: "an import of an unknown type", bytes: section(2, vec([name("a"), name("b"), 0, 9])) },
  { what: "an import of an unknown kind", bytes: section(2, vec([name("a"), name("b"), 9, 0])) },
  { what: "an export of nothing", bytes: section(7, vec([name("a"), 0, 3])) },
  { what: "an export of an unknown kind", bytes: section(7, vec([name("a"), 9, 0])) },
  { what: "a count that lies", bytes: section(3, 0x7f, 0x00) },
  { what: "a type that is none", bytes: section(1, vec([0x01])) },
  { what: "a global that never ends", bytes: section(6, vec([0x7f, 0x00, 0x41, 0x00])) },
  { what: "a global that calls", bytes: section(6, vec([0x7f, 0x00, 0x10, 0x00, 0x0b])) },
  { what: "limits with unknown flags", bytes: section(5, vec([0x10, 0x00])) },
  { what: "a section longer than the module", bytes: [0x03, 0x7f, 0x00] },
] as { what: string; bytes: Bytes }[])("$what is malformed", ({ bytes }) => {
  // Behind eight bytes of a component stands the module: its preamble is the caller's business.
  const file = component(modulePreamble, funcType, bytes);
  const start = componentPreamble.length;
  expect(() => readCoreModuleType(file, start, file.length)).toThrow(
    expect.objectContaining({ code: "malformed" }),
  );
});

test.each([
  {
    what: "one import twice",
    bytes: section(2, vec([name("a"), name("b"), 0, 0], [name("a"), name("b"), 0, 0])),
  },
  {
    what: "one export twice",
    bytes: [section(3, vec([0x00])), section(7, vec([name("a"), 0, 0], [name("a"), 0, 0]))],
  },
] as { what: string; bytes: Bytes }[])("$what is invalid", ({ bytes }) => {
  const file = component(modulePreamble, funcType, bytes);
  expect(() => readCoreModuleType(file, componentPreamble.length, file.length)).toThrow(
    expect.objectContaining({ code: "invalid" }),
  );
});
