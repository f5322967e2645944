import { expect, test } from "vitest";
import { histogramBars } from "./histogram-bars.ts";

test("bars have the bounds around them and lengths of the largest one", () => {
  expect(histogramBars({ boundsMs: [1, 10], counts: [2, 4, 0] })).toEqual([
    { fromMs: 0, toMs: 1, count: 2, length: 0.5 },
    { fromMs: 1, toMs: 10, count: 4, length: 1 },
    { fromMs: 10, toMs: undefined, count: 0, length: 0 },
  ]);
});

test("nothing has no length", () => {
  expect(histogramBars({ boundsMs: [1], counts: [0, 0] }).map(({ length }) => length)).toEqual([
    0, 0,
  ]);
});
