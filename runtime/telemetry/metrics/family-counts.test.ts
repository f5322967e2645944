import { expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { addCounts, CountReader, countsOf } from "./family-counts.ts";
import { RuntimeMetrics } from "./runtime-metrics.ts";

function counted(requests: number, seconds: number): RuntimeMetrics {
  const metrics = new RuntimeMetrics();
  metrics.requests.with("shop", "cart", "http", "/...", "GET", "200").add(requests);
  metrics.inFlight.with("shop", "cart").set(1);
  metrics.duration.with("shop", "cart", "http").observe(seconds);
  return metrics;
}

test("what several have counted adds up, also after it was sent to another thread", () => {
  const sum = new RuntimeMetrics();
  addCounts(sum, structuredClone(countsOf(counted(2, 0.003))));
  addCounts(sum, structuredClone(countsOf(counted(5, 20))));
  expect(countsOf(sum)).toEqual([
    {
      name: "whorl_requests_total",
      series: [{ labelValues: ["shop", "cart", "http", "/...", "GET", "200"], value: 7 }],
    },
    {
      name: "whorl_request_duration_seconds",
      series: [
        {
          labelValues: ["shop", "cart", "http"],
          value: {
            counts: [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            sum: 20.003,
            count: 2,
          },
        },
      ],
    },
    { name: "whorl_requests_in_flight", series: [{ labelValues: ["shop", "cart"], value: 2 }] },
  ]);
});

test("of who is gone stays what was counted, not what was there", () => {
  const sum = new RuntimeMetrics();
  addCounts(sum, countsOf(counted(2, 1)), "lasting");
  expect(countsOf(sum).map(({ name }) => name)).toEqual([
    "whorl_requests_total",
    "whorl_request_duration_seconds",
  ]);
});

test("metrics that are cleared begin anew; unknown ones, and other shapes, are passed over", () => {
  const sum = counted(1, 1);
  sum.clear();
  addCounts(sum, [
    { name: "whorl_of_another_version_total", series: [{ labelValues: ["a"], value: 1 }] },
    {
      name: "whorl_request_duration_seconds",
      series: [{ labelValues: ["shop", "cart", "http"], value: 3 }],
    },
  ]);
  expect(sum.requests.series()).toEqual([]);
  expect(sum.duration.series()[0]?.value.count).toBe(0);
});

test("a reader is told what has changed; what never counted anything is not told of", () => {
  const metrics = counted(2, 0.003);
  metrics.coldStarts.with("idle", "c");
  const reader = new CountReader();
  const names = (): [boolean, string[]] => {
    const { counts, isWhole } = reader.read(metrics);
    return [isWhole, counts.flatMap(({ name, series }) => series.map(() => name))];
  };
  const [requests, duration, inFlight] = [
    "whorl_requests_total",
    "whorl_request_duration_seconds",
    "whorl_requests_in_flight",
  ];
  const [isWhole, all] = names();
  expect([isWhole, all.toSorted()]).toEqual([true, [requests, duration, inFlight].toSorted()]);
  expect(names()).toEqual([false, []]);
  metrics.duration.with("shop", "cart", "http").observe(1);
  metrics.inFlight.with("shop", "cart").set(0);
  metrics.coldStarts.with("idle", "c").add();
  expect(names()[1].toSorted()).toEqual([duration, inFlight, "whorl_cold_starts_total"].toSorted());
  metrics.forget("idle");
  expect(names()).toEqual([true, all]);
  expect(names()).toEqual([false, []]);
});

test("with many apps there are as many more series before they become one", () => {
  const [few, many] = [new RuntimeMetrics(), new RuntimeMetrics(limits.hostMetricsTimes)];
  for (let app = 0; app < 1_500; app++) {
    for (const metrics of [few, many]) metrics.duration.with(`app-${app}`, "c", "http").observe(1);
  }
  expect(few.duration.series().length).toBeLessThan(200);
  expect(many.duration.series()).toHaveLength(1_500);
});
