import { expect, test } from "vitest";
import { limits } from "../limits.ts";
import { binaryKind, decodeComponent } from "./decode.ts";
import type { Definition } from "./syntax.ts";
import {
  type Bytes,
  component,
  componentPreamble,
  externName,
  leb,
  modulePreamble,
  name,
  one,
  section,
  vec,
} from "./test-binary.ts";

function definitions(...sections: readonly Bytes[]): readonly Definition[] {
  return decodeComponent(component(...sections)).definitions;
}

const type = 7;

test.each([
  { what: "core func type", bytes: one(3, 0x60, vec([0x7f]), vec([0x7e])), kind: "core-type" },
  { what: "core sub type", bytes: one(3, 0x00, 0x50, vec(), 0x5f, vec()), kind: "core-type" },
  { what: "recursion group", bytes: one(3, 0x4e, vec([0x60, 0x00, 0x00])), kind: "core-type" },
  {
    what: "module type",
    bytes: one(
      3,
      0x50,
      vec(
        [0x01, 0x60, 0x00, 0x00],
        [0x02, 0x10, 0x01, 0x01, 0x00],
        [0x00, name("m"), name("f"), 0x00, 0x00],
        [0x00, name("m"), name("t"), 0x04, 0x00, 0x00],
        [0x03, name("mem"), 0x02, 0x01, 0x01, 0x02],
      ),
    ),
    kind: "core-type",
  },
  { what: "core module", bytes: section(1, modulePreamble), kind: "core-module" },
  { what: "core instance", bytes: one(2, 0x00, 0x00, vec([name("m"), 0x12, 0x00])) },
  { what: "core inline exports", bytes: one(2, 0x01, vec([name("m"), 0x02, 0x00])) },
  { what: "component", bytes: section(4, componentPreamble) },
  { what: "instance", bytes: one(5, 0x00, 0x00, vec([name("a"), 0x05, 0x00])) },
  { what: "inline exports", bytes: one(5, 0x01, vec([externName("a"), 0x00, 0x11, 0x00])) },
  { what: "alias export", bytes: one(6, 0x01, 0x00, 0x00, name("f")) },
  { what: "alias core export", bytes: one(6, 0x00, 0x00, 0x01, 0x00, name("f")) },
  { what: "alias outer", bytes: one(6, 0x00, 0x11, 0x02, 0x01, 0x00) },
  { what: "start", bytes: section(9, 0x00, vec([0x00]), 0x01) },
  { what: "import of a module", bytes: one(10, externName("a"), 0x00, 0x11, 0x00) },
  { what: "import of a value", bytes: one(10, externName("a"), 0x02, 0x01, 0x79) },
  { what: "import of a component", bytes: one(10, externName("a"), 0x04, 0x00) },
  { what: "second form of a name", bytes: one(10, 0x01, name("a"), 0x05, 0x00) },
  {
    what: "name with attributes",
    bytes: one(10, 0x02, name("a"), vec([0x00, name("a:b/c")], [0x02, name("x")]), 0x05, 0x00),
  },
  {
    what: "name with a version suffix",
    bytes: one(10, 0x02, name("a:b/c@0.2"), vec([0x01, name(".3")]), 0x05, 0x00),
  },
  { what: "export", bytes: one(11, externName("a"), 0x01, 0x00, 0x00) },
  { what: "export with type", bytes: one(11, externName("a"), 0x01, 0x00, 0x01, 0x01, 0x00) },
])("$what is one definition", ({ bytes }) => {
  expect(definitions(bytes)).toHaveLength(1);
});

test.each([
  { what: "custom", bytes: section(0, name("hi"), 0x01, 0x02) },
  { what: "names that are garbage", bytes: section(0, name("component-name"), 0xff, 0xfe) },
  { what: "empty type section", bytes: section(type, 0x00) },
])("$what defines nothing", ({ bytes }) => {
  expect(definitions(bytes)).toEqual([]);
});

const options = vec([0x01], [0x03, 0x05], [0x04, 0x06], [0x06]);

test.each([
  { bytes: [0x00, 0x00, 0x01, vec([0x05, 0x02], [0x07, 0x03]), 0x04], syntax: { kind: "lift" } },
  { bytes: [0x01, 0x00, 0x01, options], syntax: { kind: "lower", func: 1 } },
  { bytes: [0x02, 0x01], syntax: { kind: "resource.new", resource: 1 } },
  { bytes: [0x03, 0x01], syntax: { kind: "resource.drop", resource: 1 } },
  { bytes: [0x04, 0x01], syntax: { kind: "resource.rep", resource: 1 } },
  { bytes: [0x05], syntax: { name: "task.cancel" } },
  { bytes: [0x06, 0x01], syntax: { name: "subtask.cancel", immediates: [1] } },
  { bytes: [0x09, 0x00, 0x79, vec()], syntax: { name: "task.return", result: "u32" } },
  { bytes: [0x09, 0x01, 0x00, vec()], syntax: { name: "task.return", result: undefined } },
  { bytes: [0x0a, 0x7f, 0x01], syntax: { name: "context.get", value: "i32", immediates: [1] } },
  { bytes: [0x0b, 0x7f, 0x00], syntax: { name: "context.set", immediates: [0] } },
  { bytes: [0x0c, 0x01], syntax: { name: "thread.yield", immediates: [1] } },
  { bytes: [0x0d], syntax: { name: "subtask.drop" } },
  { bytes: [0x0e, 0x02], syntax: { name: "stream.new", type: 2 } },
  { bytes: [0x0f, 0x02, options], syntax: { name: "stream.read", options: { memory: 5 } } },
  { bytes: [0x10, 0x02, options], syntax: { name: "stream.write", options: { realloc: 6 } } },
  { bytes: [0x11, 0x02, 0x00], syntax: { name: "stream.cancel-read", immediates: [0] } },
  { bytes: [0x12, 0x02, 0x01], syntax: { name: "stream.cancel-write", immediates: [1] } },
  { bytes: [0x13, 0x02], syntax: { name: "stream.drop-readable" } },
  { bytes: [0x14, 0x02], syntax: { name: "stream.drop-writable" } },
  { bytes: [0x15, 0x02], syntax: { name: "future.new" } },
  { bytes: [0x16, 0x02, options], syntax: { name: "future.read", options: { async: true } } },
  { bytes: [0x17, 0x02, options], syntax: { options: { stringEncoding: "utf16" } } },
  { bytes: [0x18, 0x02, 0x00], syntax: { name: "future.cancel-read" } },
  { bytes: [0x19, 0x02, 0x00], syntax: { name: "future.cancel-write" } },
  { bytes: [0x1a, 0x02], syntax: { name: "future.drop-readable" } },
  { bytes: [0x1b, 0x02], syntax: { name: "future.drop-writable" } },
  { bytes: [0x1c, options], syntax: { name: "error-context.new" } },
  { bytes: [0x1d, options], syntax: { name: "error-context.debug-message" } },
  { bytes: [0x1e], syntax: { name: "error-context.drop" } },
  { bytes: [0x1f], syntax: { name: "waitable-set.new" } },
  { bytes: [0x20, 0x01, 0x03], syntax: { name: "waitable-set.wait", memory: 3, immediates: [1] } },
  { bytes: [0x21, 0x00, 0x03], syntax: { name: "waitable-set.poll", memory: 3 } },
  { bytes: [0x22], syntax: { name: "waitable-set.drop" } },
  { bytes: [0x23], syntax: { name: "waitable.join" } },
  { bytes: [0x24], syntax: { name: "backpressure.inc" } },
  { bytes: [0x25], syntax: { name: "backpressure.dec" } },
  { bytes: [0x26], syntax: { name: "thread.index" } },
  { bytes: [0x27, 0x01, 0x02], syntax: { name: "thread.new-indirect", coreType: 1, table: 2 } },
  { bytes: [0x28], syntax: { name: "thread.resume-later" } },
  { bytes: [0x29, 0x00], syntax: { name: "thread.suspend" } },
  { bytes: [0x2a, 0x00], syntax: { name: "thread.suspend-then-resume" } },
  { bytes: [0x2b, 0x00], syntax: { name: "thread.yield-then-resume" } },
  { bytes: [0x2c, 0x00], syntax: { name: "thread.suspend-then-promote" } },
  { bytes: [0x2d, 0x00], syntax: { name: "thread.yield-then-promote" } },
  { bytes: [0x40, 0x00, 0x01], syntax: { name: "thread.spawn-ref", coreType: 1 } },
  { bytes: [0x41, 0x00, 0x01, 0x02], syntax: { name: "thread.spawn-indirect", table: 2 } },
  { bytes: [0x42, 0x01], syntax: { name: "thread.available-parallelism", immediates: [1] } },
] as { bytes: Bytes; syntax: object }[])("canon $bytes.0 $syntax", ({ bytes, syntax }) => {
  expect(definitions(one(8, bytes))).toMatchObject([{ kind: "canon", canon: syntax }]);
});

const sectionIds = Array.from({ length: 13 }, (_, id) => id);

test.each([
  ...sectionIds.map((id) => ({ what: `section ${id} without a length`, bytes: [id] })),
  ...sectionIds.map((id) => ({ what: `section ${id} longer than the file`, bytes: [id, 0x7f] })),
  ...sectionIds.map((id) => ({
    what: `section ${id} with an overlong length`,
    bytes: [id, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  })),
  ...sectionIds
    .filter((id) => ![0, 1, 4, 9, 12].includes(id))
    .flatMap((id) => [
      { what: `section ${id} without a count`, bytes: section(id) },
      { what: `section ${id} with more items than bytes`, bytes: section(id, 0x7f, 0x00) },
      { what: `section ${id} with an unknown item`, bytes: one(id, 0xfe, 0xfe, 0xfe, 0xfe, 0x7f) },
      { what: `section ${id} with bytes too many`, bytes: section(id, 0x00, 0x00) },
    ]),
  { what: "custom section with a lying name", bytes: section(0, 0x05, 0x61) },
  { what: "custom section whose name is not UTF-8", bytes: section(0, 0x01, 0xff) },
  { what: "unknown section", bytes: section(13) },
  { what: "core module that is a component", bytes: section(1, componentPreamble) },
  { what: "core module that is cut off", bytes: section(1, [0x00, 0x61, 0x73, 0x6d]) },
  { what: "component that is a core module", bytes: section(4, modulePreamble) },
  { what: "start with a lying count", bytes: section(9, 0x00, 0x20, 0x00) },
  { what: "core type that is none", bytes: one(3, 0x61) },
  { what: "core type of unknown values", bytes: one(3, 0x60, vec([0x20]), vec()) },
  {
    what: "core argument that is no instance",
    bytes: one(2, 0x00, 0x00, vec([name("m"), 0x00, 0])),
  },
  { what: "negative type index", bytes: one(type, 0x70, 0x40) },
  { what: "type index as a type", bytes: one(type, 0x05) },
  { what: "variant case with a refinement", bytes: one(type, 0x71, vec([name("a"), 0, 1])) },
  { what: "optional that is neither", bytes: one(type, 0x6a, 0x02, 0x00) },
  { what: "named results", bytes: one(type, 0x40, vec(), 0x01, vec([name("a"), 0x79])) },
  { what: "import in an instance type", bytes: one(type, 0x42, vec([3, externName("a"), 1, 0])) },
  { what: "unknown declaration", bytes: one(type, 0x42, vec([0x05])) },
  { what: "unknown attribute", bytes: one(10, 2, name("a"), vec([3, name("b")]), 5, 0) },
  { what: "canon lift of another sort", bytes: one(8, 0x00, 0x01, 0x00, vec(), 0x00) },
  { what: "unknown canonical option", bytes: one(8, 0x01, 0x00, 0x00, vec([0x09])) },
  { what: "flag that is neither", bytes: one(8, 0x06, 0x02) },
  { what: "alias of an unknown kind", bytes: one(6, 0x03, 0x03, 0x00) },
  { what: "core alias of a component sort", bytes: one(6, 0x03, 0x01, 0x00, name("a")) },
] as { what: string; bytes: Bytes }[])("$what is malformed", ({ bytes }) => {
  // A value section is refused as a whole, once its length is known to be true.
  expect(() => decodeComponent(component(bytes))).toThrow(
    expect.objectContaining({
      code: "malformed",
      message: expect.stringMatching(/at byte offset 0x[0-9a-f]+ \(.+\)$/),
    }),
  );
});

test.each([
  { what: "label that is no kebab case", bytes: one(type, 0x6d, vec(name("aB"))) },
  { what: "labels that differ in case only", bytes: one(type, 0x6d, vec(name("a"), name("A"))) },
  { what: "empty record", bytes: one(type, 0x72, vec()) },
  { what: "empty variant", bytes: one(type, 0x71, vec()) },
  { what: "empty tuple", bytes: one(type, 0x6f, vec()) },
  { what: "empty enum", bytes: one(type, 0x6d, vec()) },
  { what: "empty flags", bytes: one(type, 0x6e, vec()) },
  {
    what: "33 flags",
    bytes: one(type, 0x6e, vec(...Array.from({ length: 33 }, (_, index) => name(`f${index}`)))),
  },
  { what: "list of length 0", bytes: one(type, 0x67, 0x79, 0x00) },
  { what: "resource of i64", bytes: one(type, 0x3f, 0x7e, 0x00) },
  { what: "resource in an instance type", bytes: one(type, 0x42, vec([0x01, 0x3f, 0x7f, 0x00])) },
  { what: "module type in a module type", bytes: one(3, 0x50, vec([0x01, 0x50, 0x00])) },
  { what: "import name that is none", bytes: one(10, externName("a_b"), 0x01, 0x00) },
  {
    what: "imports of one name",
    bytes: section(10, vec([externName("a"), 0x01, 0x00], [externName("A"), 0x01, 0x00])),
  },
  {
    what: "exports of one name",
    bytes: section(11, vec([externName("a"), 1, 0, 0], [externName("a"), 1, 0, 0])),
  },
  { what: "two arguments", bytes: one(5, 0, 0, vec([name("a"), 1, 0], [name("a"), 1, 0])) },
  { what: "two core arguments", bytes: one(2, 0, 0, vec([name("a"), 18, 0], [name("a"), 18, 0])) },
  { what: "core export of an instance", bytes: one(2, 0x01, vec([name("a"), 0x12, 0x00])) },
  { what: "core func as an argument", bytes: one(5, 0, 0, vec([name("a"), 0x00, 0x00, 0x00])) },
  { what: "outer alias of a func", bytes: one(6, 0x01, 0x02, 0x00, 0x00) },
  { what: "outer alias of a core func", bytes: one(6, 0x00, 0x00, 0x02, 0x00, 0x00) },
  { what: "export of a core memory", bytes: one(6, 0x00, 0x02, 0x00, 0x00, name("a")) },
  { what: "option given twice", bytes: one(8, 0x01, 0x00, 0x00, vec([0x00], [0x02])) },
  {
    what: "func that implements an interface",
    bytes: one(10, 0x02, name("a"), vec([0x00, name("a:b/c")]), 0x01, 0x00),
  },
  {
    what: "interface that implements another",
    bytes: one(10, 0x02, name("a:b/d"), vec([0x00, name("a:b/c")]), 0x05, 0x00),
  },
  {
    what: "attribute given twice",
    bytes: one(10, 0x02, name("a"), vec([0x02, name("b")], [0x02, name("c")]), 0x05, 0x00),
  },
  {
    what: "version suffix without a version",
    bytes: one(10, 0x02, name("a:b/c"), vec([0x01, name(".3")]), 0x05, 0x00),
  },
] as { what: string; bytes: Bytes }[])("$what is invalid", ({ bytes }) => {
  expect(() => decodeComponent(component(bytes))).toThrow(
    expect.objectContaining({ code: "invalid" }),
  );
});

test("a value section is unsupported", () => {
  expect(() => decodeComponent(component(section(12, 0x00)))).toThrow(
    expect.objectContaining({ code: "unsupported" }),
  );
});

test("backpressure.set of older toolchains is read", () => {
  expect(decodeComponent(component(one(8, 0x08))).definitions).toMatchObject([
    { kind: "canon", canon: { kind: "builtin", name: "backpressure.set" } },
  ]);
});

function nestedComponents(depth: number): Bytes {
  return depth === 0 ? [] : section(4, componentPreamble, nestedComponents(depth - 1));
}

function nestedTypes(depth: number): Bytes {
  return depth === 0 ? [0x42, 0x00] : [0x42, 0x01, 0x01, nestedTypes(depth - 1)];
}

test.each([
  { what: "components", bytes: nestedComponents(limits.componentNestingMax + 1) },
  { what: "instance types", bytes: one(type, nestedTypes(limits.typeNestingMax)) },
  { what: "types", bytes: section(type, leb(limits.indexSpaceItemsMax + 1)) },
  { what: "members", bytes: one(type, 0x6d, leb(limits.typeMembersMax + 1)) },
  { what: "bytes in a name", bytes: one(10, 0x00, leb(limits.nameBytesMax + 1)) },
])("too many $what reach a limit", ({ bytes }) => {
  expect(() => decodeComponent(component(bytes))).toThrow(
    expect.objectContaining({ code: "limit" }),
  );
});

test("as many components inside each other as the limit says can be decoded", () => {
  expect(definitions(nestedComponents(limits.componentNestingMax))).toHaveLength(1);
});

test.each([
  { what: "no bytes", bytes: [] },
  { what: "another file", bytes: [0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 0] },
  { what: "a cut preamble", bytes: [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01] },
  { what: "an unknown version", bytes: [0x00, 0x61, 0x73, 0x6d, 0x0c, 0x00, 0x01, 0x00] },
  { what: "an unknown layer", bytes: [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x02, 0x00] },
])("$what is not WebAssembly", ({ bytes }) => {
  expect(() => decodeComponent(new Uint8Array(bytes))).toThrow(
    expect.objectContaining({ code: "not_wasm" }),
  );
});

test("a core module is told from a component", () => {
  const bytes = new Uint8Array(modulePreamble as number[]);
  expect(binaryKind(bytes)).toBe("core_module");
  expect(() => decodeComponent(bytes)).toThrow(expect.objectContaining({ code: "core_module" }));
});

test("core modules are views into the file", () => {
  const bytes = component(section(1, modulePreamble));
  const [definition] = decodeComponent(bytes).definitions;
  expect(definition?.kind).toBe("core-module");
  if (definition?.kind !== "core-module") return;
  expect(definition.module.bytes.buffer).toBe(bytes.buffer);
  expect([...definition.module.bytes]).toEqual(modulePreamble);
});
