import { expect, test } from "vitest";
import { limits } from "../limits.ts";
import { Reader } from "./reader.ts";
import { leb } from "./test-binary.ts";

function reader(...bytes: readonly number[]): Reader {
  return new Reader(new Uint8Array(bytes), "test section");
}

test.each([
  { bytes: [0x00], value: 0 },
  { bytes: [0x7f], value: 127 },
  { bytes: [0x80, 0x01], value: 128 },
  { bytes: [0x81, 0x80, 0x80, 0x80, 0x00], value: 1 },
  { bytes: [0xff, 0xff, 0xff, 0xff, 0x0f], value: 0xffff_ffff },
])("u32 reads $bytes as $value", ({ bytes, value }) => {
  const input = reader(...bytes);
  expect(input.u32()).toBe(value);
  expect(input.remaining).toBe(0);
});

test.each([
  { method: "u32", bytes: [], message: "unexpected end" },
  { method: "u32", bytes: [0x80], message: "unexpected end" },
  { method: "u32", bytes: [0xff, 0xff, 0xff, 0xff, 0x10], message: "more than 32 bits" },
  { method: "u32", bytes: [0x80, 0x80, 0x80, 0x80, 0x80, 0x00], message: "more than 32 bits" },
  { method: "s33Index", bytes: [0x40], message: "negative type index" },
  { method: "s33Index", bytes: [0x80, 0x80, 0x80, 0x80, 0x70], message: "more than 32 bits" },
  { method: "u64", bytes: Array(10).fill(0xff), message: "more than 64 bits" },
  { method: "name", bytes: [0x03, 0x61, 0x62], message: "ends behind it" },
  { method: "name", bytes: [0x02, 0xff, 0xfe], message: "not UTF-8" },
  { method: "name", bytes: [0x03, 0xed, 0xa0, 0x80], message: "not UTF-8" },
  { method: "expectEnd", bytes: [0x00, 0x00], message: "2 bytes too many" },
] as const)("$method refuses $bytes", ({ method, bytes, message }) => {
  expect(() => reader(...bytes)[method]()).toThrow(message);
});

test("errors carry section and offset", () => {
  const input = reader(0x00, 0x00, 0x80);
  input.offset = 2;
  expect(() => input.u32()).toThrow(
    expect.objectContaining({
      code: "malformed",
      message: "malformed component: unexpected end at byte offset 0x3 (test section)",
    }),
  );
});

test.each([
  { bytes: [0x00], value: 0n },
  { bytes: [0x80, 0x80, 0x80, 0x80, 0x10], value: 1n << 32n },
  { bytes: [...Array(9).fill(0xff), 0x01], value: (1n << 64n) - 1n },
])("u64 reads $value", ({ bytes, value }) => {
  expect(reader(...bytes).u64()).toBe(value);
});

test("s33Index reads indices that look negative in one byte", () => {
  expect(reader(0xc0, 0x00).s33Index()).toBe(64);
});

test.each([
  { name: "more items than bytes", bytes: [0x05, 0x00], code: "malformed" },
  { name: "more items than the limit", bytes: leb(limits.indexSpaceItemsMax + 1), code: "limit" },
])("count refuses $name before anything is allocated", ({ bytes, code }) => {
  expect(() => reader(...bytes).count("items")).toThrow(expect.objectContaining({ code }));
});

test("name refuses a length beyond the limit", () => {
  expect(() => reader(...leb(limits.nameBytesMax + 1)).name()).toThrow(
    expect.objectContaining({ code: "limit" }),
  );
});

test("name keeps a byte order mark", () => {
  expect(reader(0x04, 0xef, 0xbb, 0xbf, 0x61).name()).toBe("\u{feff}a");
});

test("window stays inside its parent", () => {
  const input = reader(0x01, 0x02, 0x03);
  const part = input.window(2, "part");
  expect([part.byte(), part.byte()]).toEqual([1, 2]);
  expect(() => part.byte()).toThrow("unexpected end");
  expect(input.byte()).toBe(3);
  expect(() => input.window(1, "part")).toThrow("claims 1 bytes");
});
