import { expect, test } from "vitest";
import { curvePlot } from "./curve-plot.ts";
import type { Curve } from "./curve-plot.ts";

function drawn(...curves: readonly Curve[]): string {
  return curvePlot({ title: "t", across: "bytes", up: "MB/s", curves });
}

function placesOf(svg: string): [number, number][] {
  return Array.from(svg.matchAll(/<circle cx="([^"]+)" cy="([^"]+)"/g), ([, x, y]) => [
    Number(x),
    Number(y),
  ]);
}

test("points go from left to right, and more is higher", () => {
  const [first, second, third] = placesOf(
    drawn({
      name: "a",
      points: [
        [100, 5],
        [1, 1],
        [10, 500],
      ],
    }),
  );
  expect(first?.[0]).toBeLessThan(second?.[0] ?? Number.NaN);
  expect(second?.[0]).toBeLessThan(third?.[0] ?? Number.NaN);
  // Upwards is towards zero.
  expect(second?.[1]).toBeLessThan(third?.[1] ?? Number.NaN);
  expect(third?.[1]).toBeLessThan(first?.[1] ?? Number.NaN);
});

test("a tenth more does not look like growth", () => {
  const [low, high] = placesOf(
    drawn({
      name: "a",
      points: [
        [1, 100],
        [10, 110],
      ],
    }),
  );
  expect((low?.[1] ?? Number.NaN) - (high?.[1] ?? Number.NaN)).toBeLessThan(20);
});

test.each<[string, Curve["points"]]>([
  ["nothing", []],
  ["one point", [[1, 1]]],
  [
    "points that a logarithm does not have",
    [
      [0, 1],
      [1, 0],
      [1, 1],
    ],
  ],
])("%s can be drawn", (_what, points) => {
  expect(drawn({ name: "a", points })).not.toMatch(/NaN|Infinity/);
});
