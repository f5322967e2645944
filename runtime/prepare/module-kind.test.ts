import { expect, test } from "vitest";
import { encode } from "../component/test-wat.ts";
import { concatenated, leb128, nameBytes } from "./core-sections.ts";
import { isCoreModule, moduleKind } from "./module-kind.ts";

function customSection(name: string, contents: readonly number[]): Uint8Array {
  const body = [...nameBytes(name), ...contents];
  return new Uint8Array([0, ...leb128(body.length), ...body]);
}

/** A producers section with one tool. */
function producers(tool: string, version: string): number[] {
  return [1, ...nameBytes("processed-by"), 1, ...nameBytes(tool), ...nameBytes(version)];
}

/** A world as wit-bindgen leaves it in a module: a component with a producers section. */
function world(tool: string, version: string): Uint8Array {
  const inner = customSection("producers", producers(tool, version));
  return customSection("component-type:my-world", [0, 97, 115, 109, 13, 0, 1, 0, ...inner]);
}

const start = `(module (func (export "_start")))`;
const realloc = `(module (func (export "_start")) (func (export "cabi_realloc")))`;
const none = "(module)";

test.each<readonly [string, string, readonly Uint8Array[], string]>([
  ["wit-bindgen 0.5", none, [world("wit-bindgen-rust", "0.5.0")], "reactor"],
  ["wit-bindgen 0.51", none, [world("wit-bindgen-rust", "0.51.0")], "reactor"],
  ["wit-bindgen-c", start, [world("wit-bindgen-c", "0.17")], "reactor"],
  ["the last world counts", none, [world("x", "1"), world("wit-bindgen", "0.30.0")], "reactor"],
  ["a program", start, [], "command"],
  [
    "a program of clang 15.0.7",
    start,
    [customSection("producers", producers("clang", "15.0.7"))],
    "command",
  ],
  [
    "a program of wasi-sdk",
    start,
    [customSection("producers", producers("clang", "18.1.2-wasi-sdk (https://x)"))],
    "command",
  ],
  [
    "a clang of unknown form",
    start,
    [customSection("producers", producers("clang", "new"))],
    "command",
  ],
  ["producers that cannot be read", start, [customSection("producers", [200])], "command"],
  ["a program with bindings", realloc, [], "legacy"],
  ["a world of another tool", start, [world("wit-component", "0.9.0")], "legacy"],
  ["no program", none, [], "legacy"],
  ["a world that cannot be read", none, [customSection("component-type", [1, 2])], "legacy"],
])("%s: %s", async (_name, wat, sections, kind) => {
  expect(moduleKind(concatenated([await encode(wat), ...sections]))).toEqual({ kind });
});

test.each(["0.4.0", "0.2.0", "1.0.0", "0.x", "new", "0.5.0.1", "0", ""])(
  "wit-bindgen %j cannot be adapted",
  async (version) => {
    const bytes = concatenated([await encode(none), world("wit-bindgen-rust", version)]);
    expect(() => moduleKind(bytes)).toThrow(`made with wit-bindgen ${version}, which cannot`);
  },
);

test.each(["14.0.0", "15.0.6", "15.0.6-wasi-sdk", "9.9.9 (https://x)"])(
  "clang %s is refused",
  async (version) => {
    const section = customSection("producers", producers("clang", version));
    const bytes = concatenated([await encode(start), section]);
    expect(() => moduleKind(bytes)).toThrow("wasi-sdk before 19");
  },
);

test.each<readonly [string, readonly number[], boolean]>([
  ["a core module", [0, 97, 115, 109, 1, 0, 0, 0], true],
  ["a component", [0, 97, 115, 109, 13, 0, 1, 0], false],
  ["half a preamble", [0, 97, 115, 109], false],
  ["nothing", [], false],
])("%s", (_name, bytes, expected) => {
  expect(isCoreModule(new Uint8Array(bytes))).toBe(expected);
});

test("a section cut short is refused", () => {
  const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 7, 5, 1]);
  expect(() => moduleKind(bytes)).toThrow("claims 5 bytes");
});
