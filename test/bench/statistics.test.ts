import { expect, test } from "vitest";
import { median, percentile, summary } from "./statistics.ts";

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

test("a summary sorts what it is given and changes nothing of it", () => {
  expect(summary(hundred)).toEqual({
    ...{ count: 100, p10: 10, p50: 50.5, p90: 90, p99: 99, max: 100 },
  });
  expect(hundred[0]).toBe(100);
});

test.each([
  [[5], 0.99, 5],
  [[1, 2], 0.5, 1],
  [[1, 2, 3], 0.5, 2],
  [[1, 2, 3], 0, 1],
  [[1, 2, 3], 1, 3],
])("of %j the part %d does not exceed %d", (sorted, part, expected) => {
  expect(percentile(sorted, part)).toBe(expected);
});

test.each([
  [[5], 5],
  [[2, 1], 1.5],
  [[3, 1, 2], 2],
  [[10, 1, 3, 2], 2.5],
])("the median of %j is %d", (values, expected) => {
  expect(median(values)).toBe(expected);
});

test("nothing measured is no number", () => {
  expect(median([])).toBeNaN();
  expect(summary([]).p99).toBeNaN();
});
