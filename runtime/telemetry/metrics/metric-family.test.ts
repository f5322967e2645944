import { expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { Counter, Histogram, MetricFamily, overflowLabel } from "./metric-family.ts";
import { prometheusExposition } from "./prometheus-text.ts";
import { RuntimeMetrics } from "./runtime-metrics.ts";

function family(seriesMax: number): MetricFamily<Counter> {
  return new MetricFamily<Counter>(
    {
      name: "x_total",
      help: "x",
      labels: ["app", "host"],
      otel: { name: "x", unit: "1", attributes: ["a", "h"] },
    },
    "counter",
    { create: () => new Counter(), seriesMax },
  );
}

test("the same labels are the same series; a different order is another one", () => {
  const counters = family(10);
  counters.with("a", "b").add();
  counters.with("a", "b").add(2);
  counters.with("b", "a").add(4);
  expect(counters.series().map(({ value }) => value.value)).toEqual([3, 4]);
});

test("whatever the labels, there are no more series than the bound and one for the rest", () => {
  const counters = family(3);
  for (let host = 0; host < 1000; host++) counters.with("app", `host-${host}`).add();
  const series = counters.series();
  expect(series).toHaveLength(4);
  expect(series.at(-1)?.labelValues).toEqual([overflowLabel, overflowLabel]);
  expect(series.reduce((sum, { value }) => sum + value.value, 0)).toBe(1000);
});

test("an app that is forgotten makes room", () => {
  const counters = family(2);
  counters.with("old", "1").add();
  counters.with("old", "2").add();
  counters.forget("app", "old");
  counters.forget("no-such-label", "old");
  counters.with("new", "1").add();
  expect(counters.series().map(({ labelValues }) => labelValues)).toEqual([["new", "1"]]);
});

test("a histogram counts at its bounds and beyond", () => {
  const histogram = new Histogram([0.1, 1]);
  for (const value of [0, 0.1, 0.100_001, 1, 5]) histogram.observe(value);
  expect(histogram.counts).toEqual([2, 2, 1]);
  expect(histogram.count).toBe(5);
  expect(histogram.sum).toBeCloseTo(6.200_001);
});

test("the runtime's families have different names, and series of all together are bounded", () => {
  const families = new RuntimeMetrics().all();
  expect(new Set(families.map(({ definition }) => definition.name)).size).toBe(families.length);
  expect(new Set(families.map(({ definition }) => definition.otel.name)).size).toBe(
    families.length,
  );
  for (const each of families) {
    const { labels, otel } = each.definition;
    expect(otel.attributes).toHaveLength(labels.length);
    for (let at = 0; at < limits.metricSeriesMax + 10; at++) {
      each.with(...labels.map((label) => `${label}-${at}`));
    }
    expect(each.series().length).toBeLessThanOrEqual(limits.metricSeriesMax + 1);
  }
});

test("Prometheus text: counters, cumulative buckets, escaped labels, the process", async () => {
  const metrics = new RuntimeMetrics();
  let asked = 0;
  const exposition = prometheusExposition({
    families: metrics.all(),
    collect: () => void asked++,
  });
  const route = 'a"b\\c\nd';
  metrics.requests.with("shop", "cart", "http", route, "GET", "200").add(3);
  metrics.duration.with("shop", "cart", "http").observe(0.0002);
  metrics.duration.with("shop", "cart", "http").observe(60);
  const lines = (await exposition.text()).split("\n");
  expect(asked).toBe(1);
  expect(exposition.contentType).toContain("text/plain; version=0.0.4");
  expect(lines).toEqual(
    expect.arrayContaining([
      "# TYPE whorl_requests_total counter",
      'whorl_requests_total{app="shop",component="cart",trigger="http",route="a\\"b\\\\c\\nd",method="GET",status="200"} 3',
      "# TYPE whorl_request_duration_seconds histogram",
      'whorl_request_duration_seconds_bucket{app="shop",component="cart",trigger="http",le="0.0001"} 0',
      'whorl_request_duration_seconds_bucket{app="shop",component="cart",trigger="http",le="0.00025"} 1',
      'whorl_request_duration_seconds_bucket{app="shop",component="cart",trigger="http",le="10"} 1',
      'whorl_request_duration_seconds_bucket{app="shop",component="cart",trigger="http",le="+Inf"} 2',
      'whorl_request_duration_seconds_count{app="shop",component="cart",trigger="http"} 2',
    ]),
  );
  expect(lines.some((line) => line.startsWith("process_cpu_seconds_total "))).toBe(true);
});
