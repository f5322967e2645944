import { expect, test } from "vitest";
import { link } from "./test-wat.ts";
import type { ValueType } from "./types.ts";

const typeTable: { wat: string; type: object }[] = [
  ...["bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64"].map(primitive),
  ...["f32", "f64", "char", "string", "error-context"].map(primitive),
  {
    wat: '(record (field "a" u8) (field "b" string))',
    type: {
      kind: "record",
      fields: [
        { name: "a", type: { kind: "u8" } },
        { name: "b", type: { kind: "string" } },
      ],
    },
  },
  {
    wat: '(variant (case "a") (case "b" u8))',
    type: {
      kind: "variant",
      cases: [
        { name: "a", type: undefined },
        { name: "b", type: { kind: "u8" } },
      ],
    },
  },
  { wat: "(list u8)", type: { kind: "list", element: { kind: "u8" }, length: undefined } },
  { wat: "(list u8 3)", type: { kind: "list", element: { kind: "u8" }, length: 3 } },
  { wat: "(tuple u8 char)", type: { kind: "tuple", items: [{ kind: "u8" }, { kind: "char" }] } },
  { wat: '(flags "a" "b")', type: { kind: "flags", names: ["a", "b"] } },
  { wat: '(enum "a" "b")', type: { kind: "enum", names: ["a", "b"] } },
  { wat: "(option u8)", type: { kind: "option", some: { kind: "u8" } } },
  { wat: "(result)", type: { kind: "result", ok: undefined, err: undefined } },
  {
    wat: "(result u8 (error string))",
    type: { kind: "result", ok: { kind: "u8" }, err: { kind: "string" } },
  },
  { wat: "(own $r)", type: { kind: "own", resource: 0 } },
  { wat: "(borrow $r)", type: { kind: "borrow", resource: 0 } },
  { wat: "(stream u8)", type: { kind: "stream", element: { kind: "u8" } } },
  { wat: "(stream)", type: { kind: "stream", element: undefined } },
  { wat: "(future string)", type: { kind: "future", element: { kind: "string" } } },
  {
    wat: "(map string u8)",
    type: {
      kind: "list",
      element: { kind: "tuple", items: [{ kind: "string" }, { kind: "u8" }] },
      length: undefined,
    },
  },
];

function primitive(kind: string): { wat: string; type: object } {
  return { wat: kind, type: { kind } };
}

test.each(typeTable)("$wat is resolved", async ({ wat, type }) => {
  const plan = await link(`(component
    (import "r" (type $r (sub resource)))
    (type $t ${wat})
    (import "t" (type $t' (eq $t)))
    (import "f" (func (param "x" $t'))))`);
  const func = plan.imports.find((item) => item.kind === "func");
  expect(func?.type.params[0]?.type).toEqual(type as ValueType);
});

const builtinTable = [
  { wat: "task.cancel", trampoline: { name: "task.cancel" } },
  {
    wat: "task.return (result u32)",
    trampoline: { name: "task.return", type: { kind: "u32" } },
  },
  { wat: "context.get i32 1", trampoline: { name: "context.get", immediates: [1] } },
  { wat: "context.set i32 0", trampoline: { name: "context.set", immediates: [0] } },
  { wat: "backpressure.inc", trampoline: { name: "backpressure.inc" } },
  { wat: "subtask.cancel async", trampoline: { name: "subtask.cancel", immediates: [1] } },
  { wat: "subtask.drop", trampoline: { name: "subtask.drop" } },
  { wat: "stream.new $s", trampoline: { name: "stream.new", type: { kind: "u8" } } },
  {
    wat: 'stream.read $s async (memory (core memory $i "mem"))',
    trampoline: {
      name: "stream.read",
      options: { async: true, memory: { kind: "export", instance: 0, name: "mem" } },
    },
  },
  { wat: "stream.cancel-write $s", trampoline: { immediates: [0], type: { kind: "u8" } } },
  { wat: "future.new $f", trampoline: { name: "future.new", type: undefined } },
  { wat: "future.drop-readable $f", trampoline: { name: "future.drop-readable" } },
  {
    wat: 'waitable-set.wait (memory (core memory $i "mem"))',
    trampoline: { immediates: [0], options: { memory: { name: "mem" } } },
  },
  { wat: "waitable.join", trampoline: { name: "waitable.join", coreType: undefined } },
  { wat: "thread.yield", trampoline: { name: "thread.yield", immediates: [0] } },
  { wat: "error-context.drop", trampoline: { name: "error-context.drop" } },
];

test.each(builtinTable)("$wat is a built-in trampoline", async ({ wat, trampoline }) => {
  const plan = await link(`(component
    (core module $m (memory (export "mem") 1))
    (core instance $i (instantiate $m))
    (type $s (stream u8))
    (type $f (future))
    (core func (canon ${wat})))`);
  expect(plan.trampolines).toMatchObject([{ kind: "builtin", instance: 0, ...trampoline }]);
});

test("an async function is lifted with its callback", async () => {
  const plan = await link(`(component
    (core module $m
      (func (export "f") (result i32) unreachable)
      (func (export "cb") (param i32 i32 i32) (result i32) unreachable))
    (core instance $i (instantiate $m))
    (func (export "f") async (canon lift (core func $i "f") async (callback (core func $i "cb")))))`);
  expect(plan.exports.get("f")).toMatchObject({
    function: {
      type: { async: true },
      options: { async: true, callback: { kind: "export", instance: 0, name: "cb" } },
    },
  });
});
