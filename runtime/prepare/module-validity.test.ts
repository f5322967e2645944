import { expect, test } from "vitest";
import { checkModules, compileModules } from "./compile-module.ts";
import { invalidity, validateWhenCalled } from "./module-validity.ts";

const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const types = [1, 4, 1, 0x60, 0, 0];
const functions = [3, 2, 1, 0];
const exported = [7, 5, 1, 1, 0x66, 0, 0];

/** A module whose one function `f` has this body. */
function moduleOf(...body: readonly number[]): Uint8Array<ArrayBuffer> {
  const code = [10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b];
  return new Uint8Array([...header, ...types, ...functions, ...exported, ...code]);
}

const nop = moduleOf(0x01);
const add = moduleOf(0x6a);
const lazily = "once functions are validated when they are called";

test.each([
  ["at first", () => undefined],
  [lazily, validateWhenCalled],
])("a module is known to be valid, or why it is not, %s", (_when, before) => {
  before();
  expect(invalidity(nop)).toBeUndefined();
  expect(invalidity(add)).toMatch(/function #0 failed: not enough arguments .* i32\.add/);
  expect(invalidity(nop.slice(0, -1))).toMatch(/WebAssembly/);
  expect(() => checkModules([nop, add])).toThrow(/^core module 1: .* i32\.add/);
});

test(`a valid module runs, an invalid one does not, ${lazily}`, async () => {
  validateWhenCalled();
  const run = async (bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    const [module] = await compileModules([bytes]);
    if (module === undefined) throw new Error("nothing compiled");
    (new WebAssembly.Instance(module).exports["f"] as () => void)();
  };
  await run(nop);
  await expect(run(add)).rejects.toThrow(/i32\.add/);
});
