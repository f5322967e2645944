import fc from "fast-check";
import { expect, test } from "vitest";
import { GrowingBytes } from "./growing-bytes.ts";

test("holds what was added, in order", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
      const bytes = new GrowingBytes();
      for (const piece of pieces) bytes.add(piece);
      expect(bytes.bytes().equals(Buffer.concat(pieces))).toBe(true);
      expect(bytes.length).toBe(bytes.bytes().length);
    }),
  );
});

test("what was seen before does not change, nor does a piece matter afterwards", () => {
  const bytes = new GrowingBytes();
  const piece = Buffer.from("abc");
  bytes.add(piece);
  const seen = bytes.bytes();
  piece.fill(0);
  bytes.add(Buffer.from("de"));
  expect([seen.toString(), bytes.bytes().toString()]).toEqual(["abc", "abcde"]);
});

test("a million pieces take no more room than their bytes", () => {
  const bytes = new GrowingBytes();
  const piece = Uint8Array.of(7);
  for (let count = 0; count < 1_000_000; count++) bytes.add(piece);
  expect(bytes.bytes().buffer.byteLength).toBeLessThanOrEqual(2 * 1_000_000);
});
