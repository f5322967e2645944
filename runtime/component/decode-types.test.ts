import { expect, test } from "vitest";
import { type Bytes, component, externName, name, one, vec } from "./test-binary.ts";
import { decodeComponent } from "./decode.ts";

/** The type that the bytes of a type definition decode to. */
function decodedType(bytes: Bytes): object | undefined {
  const [definition] = decodeComponent(component(one(7, bytes))).definitions;
  return definition?.kind === "type" ? definition.type : undefined;
}

test.each([
  { what: "bool", bytes: [0x7f], syntax: { kind: "primitive", primitive: "bool" } },
  { what: "s8", bytes: [0x7e], syntax: { kind: "primitive", primitive: "s8" } },
  { what: "u8", bytes: [0x7d], syntax: { kind: "primitive", primitive: "u8" } },
  { what: "s16", bytes: [0x7c], syntax: { kind: "primitive", primitive: "s16" } },
  { what: "u16", bytes: [0x7b], syntax: { kind: "primitive", primitive: "u16" } },
  { what: "s32", bytes: [0x7a], syntax: { kind: "primitive", primitive: "s32" } },
  { what: "u32", bytes: [0x79], syntax: { kind: "primitive", primitive: "u32" } },
  { what: "s64", bytes: [0x78], syntax: { kind: "primitive", primitive: "s64" } },
  { what: "u64", bytes: [0x77], syntax: { kind: "primitive", primitive: "u64" } },
  { what: "f32", bytes: [0x76], syntax: { kind: "primitive", primitive: "f32" } },
  { what: "f64", bytes: [0x75], syntax: { kind: "primitive", primitive: "f64" } },
  { what: "char", bytes: [0x74], syntax: { kind: "primitive", primitive: "char" } },
  { what: "string", bytes: [0x73], syntax: { kind: "primitive", primitive: "string" } },
  { what: "error-context", bytes: [0x64], syntax: { primitive: "error-context" } },
  {
    what: "record",
    bytes: [0x72, vec([name("a"), 0x79], [name("b"), 0x05])],
    syntax: {
      kind: "record",
      fields: [
        { name: "a", type: "u32" },
        { name: "b", type: 5 },
      ],
    },
  },
  {
    what: "variant",
    bytes: [0x71, vec([name("a"), 0x00, 0x00], [name("b"), 0x01, 0x73, 0x00])],
    syntax: {
      kind: "variant",
      cases: [
        { name: "a", type: undefined },
        { name: "b", type: "string" },
      ],
    },
  },
  { what: "list", bytes: [0x70, 0x7d], syntax: { kind: "list", element: "u8", length: undefined } },
  { what: "fixed-length list", bytes: [0x67, 0x7d, 0x04], syntax: { kind: "list", length: 4 } },
  { what: "tuple", bytes: [0x6f, vec([0x79], [0x00])], syntax: { items: ["u32", 0] } },
  { what: "flags", bytes: [0x6e, vec(name("a"))], syntax: { kind: "flags", names: ["a"] } },
  { what: "enum", bytes: [0x6d, vec(name("a"))], syntax: { kind: "enum", names: ["a"] } },
  { what: "option", bytes: [0x6b, 0x00], syntax: { kind: "option", some: 0 } },
  {
    what: "result",
    bytes: [0x6a, 0x01, 0x79, 0x00],
    syntax: { kind: "result", ok: "u32", err: undefined },
  },
  { what: "own", bytes: [0x69, 0x03], syntax: { kind: "own", resource: 3 } },
  { what: "borrow", bytes: [0x68, 0x03], syntax: { kind: "borrow", resource: 3 } },
  { what: "stream", bytes: [0x66, 0x01, 0x7d], syntax: { kind: "stream", element: "u8" } },
  { what: "empty stream", bytes: [0x66, 0x00], syntax: { kind: "stream", element: undefined } },
  { what: "future", bytes: [0x65, 0x01, 0x02], syntax: { kind: "future", element: 2 } },
  { what: "map", bytes: [0x63, 0x73, 0x79], syntax: { kind: "map", key: "string", value: "u32" } },
  {
    what: "func",
    bytes: [0x40, vec([name("a"), 0x79]), 0x00, 0x73],
    syntax: {
      kind: "func",
      params: [{ name: "a", type: "u32" }],
      result: "string",
      async: false,
    },
  },
  { what: "async func", bytes: [0x43, vec(), 0x01, 0x00], syntax: { async: true } },
  { what: "resource", bytes: [0x3f, 0x7f, 0x00], syntax: { destructor: undefined } },
  { what: "resource with destructor", bytes: [0x3f, 0x7f, 0x01, 0x07], syntax: { destructor: 7 } },
  {
    what: "instance type",
    bytes: [0x42, vec([0x04, externName("f"), 0x01, 0x00])],
    syntax: {
      kind: "instance-type",
      declarations: [{ kind: "export-type", name: "f", type: { kind: "func", index: 0 } }],
    },
  },
  {
    what: "component type",
    bytes: [
      0x41,
      vec(
        [0x00, 0x60, vec(), vec()],
        [0x01, 0x73],
        [0x02, 0x03, 0x02, 0x01, 0x00],
        [0x03, externName("i"), 0x03, 0x01],
        [0x04, externName("e"), 0x03, 0x00, 0x00],
      ),
    ],
    syntax: {
      kind: "component-type",
      declarations: [
        { kind: "core-type" },
        { kind: "type", type: { kind: "primitive", primitive: "string" } },
        { kind: "alias", alias: { kind: "outer", sort: "type", count: 1, index: 0 } },
        { kind: "import", name: "i", type: { kind: "type-resource" } },
        { kind: "export-type", name: "e", type: { kind: "type-eq", index: 0 } },
      ],
    },
  },
] as { what: string; bytes: Bytes; syntax: object }[])("type $what", ({ bytes, syntax }) => {
  expect(decodedType(bytes)).toMatchObject(syntax);
});
