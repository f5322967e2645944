import { expect, test } from "vitest";
import {
  bytesQuantity,
  clockText,
  countText,
  durationQuantity,
  quantityText,
  rateText,
  shareText,
  spanText,
} from "./quantities.ts";

test.each([
  [undefined, "–"],
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1 KiB"],
  [1536, "1.5 KiB"],
  [200 * 1024 * 1024, "200 MiB"],
  [5 * 1024 ** 5, "5120 TiB"],
])("bytes %s are %s", (bytes, text) => {
  expect(quantityText(bytesQuantity(bytes))).toBe(text);
});

test.each([
  [undefined, "–"],
  [0, "0 ms"],
  [0.0042, "4.2 µs"],
  [0.0849, "85 µs"],
  [0.9994, "999 µs"],
  [0.9996, "1.00 ms"],
  [9.99, "9.99 ms"],
  [9.996, "10.0 ms"],
  [99.96, "100 ms"],
  [999.6, "1.00 s"],
  [61_000, "61.0 s"],
])("%s milliseconds are %s", (ms, text) => {
  expect(quantityText(durationQuantity(ms))).toBe(text);
});

test.each([
  [undefined, "–"],
  [0, "0"],
  [0.01, "<0.1"],
  [0.44, "0.4"],
  [2, "2"],
  [9.96, "10"],
  [1250.4, "1,250"],
])("a rate of %s is %s", (rate, text) => {
  expect(rateText(rate)).toBe(text);
});

test.each([
  [7, "7"],
  [1000, "1,000"],
  [1_250_000, "1,250,000"],
])("a count of %s is %s", (count, text) => {
  expect(countText(count)).toBe(text);
});

test.each([
  [undefined, "–"],
  [0, "0%"],
  [0.0001, "<0.1%"],
  [0.034, "3.4%"],
  [0.996, "100%"],
])("a share of %s is %s", (share, text) => {
  expect(shareText(share)).toBe(text);
});

test.each([
  [-5, "0 s"],
  [89_000, "89 s"],
  [91_000, "2 min"],
  [3 * 3600_000, "3 h"],
  [50 * 3600_000, "2 d"],
])("%s ms last %s", (ms, text) => {
  expect(spanText(ms)).toBe(text);
});

test("the clock has milliseconds", () => {
  expect(clockText(new Date(2026, 0, 2, 4, 5, 6, 7).getTime())).toBe("04:05:06.007");
});
