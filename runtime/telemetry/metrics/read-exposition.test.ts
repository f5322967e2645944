import { describe, expect, test } from "vitest";
import { prometheusExposition } from "./prometheus-text.ts";
import { readExposition } from "./read-exposition.ts";
import { RuntimeMetrics } from "./runtime-metrics.ts";

describe("readExposition", () => {
  test("reads what the runtime writes", async () => {
    const metrics = new RuntimeMetrics();
    const strange = 'a"b\\c\nd,e="f"}';
    metrics.requests.with("shop", strange, "http", "/...", "GET", "200").add(3);
    metrics.duration.with("shop", "cart", "http").observe(0.002);
    const collect = (): undefined => undefined;
    const text = await prometheusExposition({ families: metrics.all(), collect }).text();
    const values = readExposition(text);
    const requests = values.find(({ name }) => name === "whorl_requests_total");
    expect(requests?.value).toBe(3);
    expect(requests?.labels.get("component")).toBe(strange);
    const last = values.findLast(({ name }) => name === "whorl_request_duration_seconds_bucket");
    expect([last?.labels.get("le"), last?.value]).toEqual(["+Inf", 1]);
  });

  test.each<[string, [string, number][]]>([
    ["", []],
    ["# only\n\n# comments\r\n", []],
    [
      "a 1\r\nb{} 2 1700000000000\n",
      [
        ["a", 1],
        ["b", 2],
      ],
    ],
    ['a{x="1",} +Inf\n', [["a", Infinity]]],
    [
      "a NaN\nb Nan\nc -Inf",
      [
        ["a", Number.NaN],
        ["b", Number.NaN],
        ["c", -Infinity],
      ],
    ],
  ])("%j", (text, expected) => {
    expect(readExposition(text).map(({ name, value }) => [name, value])).toEqual(expected);
  });

  test.each([
    "<!doctype html>",
    "{}",
    "a",
    "a x",
    'a{x="1} 2',
    "a{x=1} 2",
    "1a 2",
    'a{x="1" y="2"} 1',
  ])("%j is no metrics", (text) => {
    expect(() => readExposition(text)).toThrow("no metrics of Prometheus");
  });
});
