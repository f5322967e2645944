import { expect, test } from "vitest";
import { plainValue, sqliteValue } from "./sqlite-value.ts";

test.each([null, 1n, 0.5, "", "text", new Uint8Array([1])])("%s comes back as it was", (value) => {
  expect(plainValue(sqliteValue(value))).toBe(value);
});

test("a blob in memory of its own is one, too", () => {
  const { buffer } = new Uint8Array([1, 2]);
  expect(sqliteValue(buffer)).toEqual({ tag: "blob", val: new Uint8Array([1, 2]) });
});
