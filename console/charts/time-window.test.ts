import { expect, test } from "vitest";
import { bandPath, nearestSample, timePlace, timeTicks, timeWindow } from "./time-window.ts";

const plot = { left: 50, width: 600, top: 0, height: 100 };

test.each([
  { name: "no samples", at: [], window: { fromMs: -60_000, toMs: 0 } },
  { name: "one", at: [100_000], window: { fromMs: 40_000, toMs: 100_000 } },
  { name: "a short while", at: [90_000, 100_000], window: { fromMs: 40_000, toMs: 100_000 } },
  { name: "long", at: [0, 300_000], window: { fromMs: 0, toMs: 300_000 } },
])("the time of $name", ({ at, window }) => {
  expect(timeWindow(at.map((atMs) => ({ atMs })))).toEqual(window);
});

test("moments have places, places have samples", () => {
  const samples = [0, 30_000, 60_000].map((atMs) => ({ atMs }));
  const window = timeWindow(samples);
  expect(samples.map(({ atMs }) => timePlace(atMs, window, plot))).toEqual([50, 350, 650]);
  const found = [0, 190, 210, 900].map((x) => nearestSample(x, samples, { window, plot }));
  expect(found).toEqual([0, 0, 1, 2]);
  expect(nearestSample(0, [], { window, plot })).toBeUndefined();
});

test.each([
  { seconds: 60, texts: ["1 min ago", "50 s ago", "40 s ago", "30 s ago", "20 s ago", "10 s ago"] },
  { seconds: 300, texts: ["5 min ago", "4 min ago", "3 min ago", "2 min ago", "1 min ago"] },
])("ticks of $seconds s", ({ seconds, texts }) => {
  const ticks = timeTicks({ fromMs: 0, toMs: seconds * 1000 });
  expect(ticks.map(({ text }) => text)).toEqual([...texts, "now"]);
});

test.each([
  { name: "nothing", points: [], path: "" },
  { name: "a gap", points: [undefined], path: "" },
  { name: "a point", points: [{ x: 1, low: 9, high: 5 }], path: "M1 5L4 5L4 9L1 9Z" },
  {
    name: "a run",
    points: [
      { x: 0, low: 9, high: 5 },
      { x: 2, low: 8, high: 4 },
    ],
    path: "M0 5L2 4L2 8L0 9Z",
  },
])("the band of $name", ({ points, path }) => {
  expect(bandPath(points, 3)).toBe(path);
});
