import { expect, test } from "vitest";
import {
  appendItems,
  editedParts,
  concatenated,
  leb128,
  readCoreSections,
  signedLeb128,
  writeCoreSections,
} from "./core-sections.ts";

const preamble = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const custom = (name: string, ...contents: number[]): number[] => {
  const bytes = [name.length, ...new TextEncoder().encode(name), ...contents];
  return [0, bytes.length, ...bytes];
};
const typeSection = [1, 4, 1, 0x60, 0, 0];
const functionSection = [3, 2, 1, 0];
const codeSection = [10, 4, 1, 2, 0, 0x0b];

function module(...sections: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array([...preamble, ...sections.flat()]);
}

test("a module written again is the same module", () => {
  const bytes = module(typeSection, functionSection, codeSection, custom("name", 1, 2));
  expect(writeCoreSections(readCoreSections(bytes))).toEqual(bytes);
});

test("custom sections that speak of offsets are left out", () => {
  const bytes = module(
    custom("metadata.code.branch_hint", 1),
    typeSection,
    custom("producers", 0),
    functionSection,
    codeSection,
  );
  const expected = module(typeSection, functionSection, codeSection);
  expect(writeCoreSections(readCoreSections(bytes))).toEqual(expected);
});

test.each<readonly [string, Uint8Array<ArrayBuffer>, RegExp]>([
  ["no bytes", new Uint8Array(0), /preamble/],
  ["a component", new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), /preamble/],
  ["a section that claims too much", module([1, 9, 0]), /claims 9 bytes/],
  ["a section without a size", module([1]), /unexpected end/],
  ["a section twice", module(typeSection, typeSection), /section 1 is unknown or not in order/],
  ["sections in the wrong order", module(codeSection, functionSection), /section 3 is unknown/],
  ["an unknown section", module([14, 0]), /section 14 is unknown/],
  ["a custom section without a name", module([0, 0]), /unexpected end/],
])("%s is refused", (_name, bytes, message) => {
  expect(() => readCoreSections(bytes)).toThrow(message);
});

test.each([
  [0, [0]],
  [127, [0x7f]],
  [128, [0x80, 1]],
  [65_536, [0x80, 0x80, 4]],
  [0xffff_ffff, [0xff, 0xff, 0xff, 0xff, 0x0f]],
])("leb128 of %i", (value, bytes) => {
  expect(leb128(value)).toEqual(bytes);
});

test.each([
  [0, [0]],
  [63, [0x3f]],
  [64, [0xc0, 0]],
  [-1, [0x7f]],
  [-64, [0x40]],
  [65_536, [0x80, 0x80, 4]],
])("signed leb128 of %i", (value, bytes) => {
  expect(signedLeb128(value)).toEqual(bytes);
});

test("items are appended to a vector, also where there is none yet", () => {
  expect([...appendItems(undefined, [[9], [8, 8]])]).toEqual([2, 9, 8, 8]);
  expect([...appendItems(new Uint8Array([1, 7]), [[9]])]).toEqual([2, 7, 9]);
});

test("edits replace bytes and leave the others", () => {
  const section = new Uint8Array([0, 1, 2, 3, 4, 5]);
  const edits = [
    { start: 1, end: 2, bytes: [10, 11] },
    { start: 3, end: 4, bytes: [] },
  ];
  const bytes = concatenated(editedParts(section, edits, { start: 1, end: 5 }));
  expect([...bytes]).toEqual([10, 11, 2, 4]);
});
