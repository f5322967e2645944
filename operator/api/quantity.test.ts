import { expect, test } from "vitest";
import { parseQuantity, quantityUnits } from "./quantity.ts";

test.each([
  ["40M", 40_000_000n],
  ["128Mi", 134_217_728n],
  ["1Gi", 1_073_741_824n],
  ["1.5Ki", 1536n],
  ["100m", 1n],
  ["0.5", 1n],
  ["1e3", 1000n],
  ["2E", 2_000_000_000_000_000_000n],
  ["-1", -1n],
  [512, 512n],
])("quantityUnits(%s) is %s", (text, units) => {
  expect(quantityUnits(text)).toBe(units);
});

test.each(["", "Mi", "128MB", "1.2.3", "1 Gi", ".", "abc", "1e", "1e9999", "9".repeat(65), "--1"])(
  "parseQuantity(%j) is no quantity",
  (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  },
);

test("equal amounts are equal however they are written", () => {
  expect(parseQuantity("0.5")).toBe(parseQuantity("500m"));
  expect(parseQuantity("1Gi")).toBe(parseQuantity("1024Mi"));
});
