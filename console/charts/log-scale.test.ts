import { expect, test } from "vitest";
import { durationPlace, durationRow, durationTicks, roundEnd } from "./log-scale.ts";

test.each([
  [Number.NaN, 0],
  [-1, 0],
  [0, 0],
  [0.01, 0],
  [0.1, 1 / 6],
  [10, 0.5],
  [10_000, 1],
  [1e9, 1],
])("%s ms lies at %s", (ms, place) => {
  expect(durationPlace(ms)).toBeCloseTo(place, 9);
});

test("ticks go from one end to the other", () => {
  expect(durationTicks.at(0)?.place).toBe(0);
  expect(durationTicks.at(-1)).toEqual({ place: 1, text: "10 s" });
});

test.each([
  [0, 0],
  [10, 24],
  [1e9, 47],
])("%s ms falls into row %s of 48", (ms, row) => {
  expect(durationRow(ms, 48)).toBe(row);
});

test.each([
  [0, 1],
  [-3, 1],
  [Number.NaN, 1],
  [0.03, 0.05],
  [1, 1],
  [1.1, 2],
  [4200, 5000],
  [5001, 10_000],
])("an axis for %s ends at %s", (value, end) => {
  expect(roundEnd(value)).toBeCloseTo(end, 12);
});
