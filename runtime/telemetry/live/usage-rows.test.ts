import { describe, expect, test } from "vitest";
import type { ComponentCounts, UsageSnapshot } from "./usage-snapshot.ts";
import { quantileMs, sortRows, usageView } from "./usage-rows.ts";

const counts: ComponentCounts = {
  app: "shop",
  component: "cart",
  requests: 100,
  errors: 10,
  coldStarts: 1,
  inFlight: 2,
  limitHits: 0,
  durationCounts: [50, 50, 0],
  memoryBytes: 1024,
  memoryLimitBytes: undefined,
  cpuSeconds: 1,
  busyInstances: 2,
  idleInstances: undefined,
};

function snapshot(atMs: number, changed: Partial<ComponentCounts>, pid = 1): UsageSnapshot {
  return {
    atMs,
    process: { pid, cpuSeconds: atMs / 2000, residentBytes: 1 },
    durationBounds: [0.001, 0.01],
    components: [{ ...counts, ...changed }],
  };
}

describe("usageView", () => {
  test("rates are what happened between two looks", () => {
    const later = snapshot(3000, {
      requests: 300,
      errors: 30,
      durationCounts: [50, 150, 100],
      cpuSeconds: 1.5,
    });
    const { rows, cpuShare } = usageView(later, snapshot(1000, {}));
    expect(cpuShare).toBe(0.5);
    expect(rows[0]).toMatchObject({
      requestsPerSecond: 100,
      errorsPerSecond: 10,
      errorShare: 0.1,
      cpuShare: 0.25,
      p50Ms: expect.closeTo(10),
      p99Ms: expect.closeTo(10),
    });
  });

  test.each([
    ["the first look", undefined],
    ["another process", snapshot(500, {}, 2)],
  ])("%s has no rates", (_, previous) => {
    const { rows } = usageView(snapshot(1000, {}), previous);
    expect(rows[0]).toMatchObject({ requestsPerSecond: 0, p50Ms: undefined, inFlight: 2 });
  });

  test("counts that begin anew are no negative rates", () => {
    const { rows } = usageView(snapshot(2000, { requests: 5, errors: 0 }), snapshot(1000, {}));
    expect(rows[0]).toMatchObject({ requestsPerSecond: 5, errorsPerSecond: 0 });
  });
});

test.each([
  [[0, 0, 0], undefined],
  [[100, 0, 0], 0.5],
  [[0, 100, 0], 5.5],
  [[50, 50, 0], 1],
  [[0, 0, 7], 10],
])("the median of %j is %s ms", (durations, expected) => {
  expect(quantileMs([0.001, 0.01], durations, 0.5)).toEqual(
    expected === undefined ? undefined : expect.closeTo(expected),
  );
});

test("rows are sorted by the column, largest first, then by name", () => {
  const { rows } = usageView(snapshot(1000, {}), undefined);
  const [row] = rows;
  if (row === undefined) throw new Error("no row");
  const list = [
    { ...row, component: "b", p99Ms: 1 },
    { ...row, component: "a", p99Ms: undefined },
    { ...row, component: "d", p99Ms: 7 },
    { ...row, component: "c", p99Ms: 1 },
  ];
  expect(sortRows(list, "p99").map(({ component }) => component)).toEqual(["d", "b", "c", "a"]);
  expect(sortRows(list, "name").map(({ component }) => component)).toEqual(["a", "b", "c", "d"]);
});
