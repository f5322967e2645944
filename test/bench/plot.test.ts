import { expect, test } from "vitest";
import { distributionPlot } from "./plot.ts";

function pointsOf(svg: string): [number, number][] {
  const text = /points="([^"]+)"/.exec(svg)?.[1] ?? "";
  return text.split(" ").map((pair) => {
    const [x = "", y = ""] = pair.split(",");
    return [Number(x), Number(y)];
  });
}

test("a line never goes back: later means more answers", () => {
  const values = Array.from({ length: 500 }, (_, index) => ((index * 7919) % 500) / 10 + 0.1);
  const points = pointsOf(
    distributionPlot({ title: "t", unit: "ms", series: [{ name: "a", values }] }),
  );
  expect(points).toHaveLength(100);
  for (const [index, [x, y]] of points.entries()) {
    const [before, above] = points[index - 1] ?? [0, Infinity];
    expect(x).toBeGreaterThanOrEqual(before);
    expect(y).toBeLessThan(above);
  }
});

test.each([
  ["nothing", []],
  ["one value", [1]],
  ["the same value", [2, 2, 2]],
  ["nothing that a logarithm has", [0, 0, 1]],
])("%s can be drawn", (_what, values) => {
  const svg = distributionPlot({ title: "t", unit: "ms", series: [{ name: "a", values }] });
  expect(svg).not.toMatch(/NaN/);
});

test("names are text, whatever they are", () => {
  const series = [{ name: "<b>&", values: [1, 2] }];
  const svg = distributionPlot({ title: "<script>", unit: "ms", series });
  expect(svg).toContain("&lt;script&gt;");
  expect(svg).toContain("&lt;b&gt;&amp;");
});
