import { expect, test } from "vitest";
import { createSampler } from "./sampler.ts";
import { RandomTraceIds } from "./trace-ids.ts";

const parent = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceState: "" };
const sampled = { ...parent, isSampled: true };
const unsampled = { ...parent, isSampled: false };

test.each([
  ["always_on", true, true, true],
  ["always_off", false, false, false],
  ["parentbased_always_on", true, true, false],
  ["parentbased_always_off", false, true, false],
] as const)("%s", (name, alone, ofSampled, ofUnsampled) => {
  const sampler = createSampler(name);
  const id = "c".repeat(32);
  expect([sampler(id, undefined), sampler(id, sampled), sampler(id, unsampled)]).toEqual([
    alone,
    ofSampled,
    ofUnsampled,
  ]);
});

test("a ratio decides by the trace id, so that all processes decide alike", () => {
  const sampler = createSampler("traceidratio", 0.25);
  expect(sampler(`${"f".repeat(19)}${"0".repeat(13)}`, undefined)).toBe(true);
  expect(sampler(`${"0".repeat(19)}3${"f".repeat(12)}`, undefined)).toBe(true);
  expect(sampler(`${"0".repeat(19)}4${"0".repeat(12)}`, undefined)).toBe(false);
  expect(sampler("f".repeat(32), sampled)).toBe(false);
  expect(createSampler("parentbased_traceidratio", 0)("0".repeat(32), sampled)).toBe(true);
  expect(createSampler("traceidratio", 1)("f".repeat(32), undefined)).toBe(true);
});

test("identifiers have the right length, are never zero and do not repeat", () => {
  const ids = new RandomTraceIds();
  const traces = new Set(Array.from({ length: 2000 }, () => ids.traceId()));
  const spans = new Set(Array.from({ length: 2000 }, () => ids.spanId()));
  expect(traces.size + spans.size).toBe(4000);
  for (const id of traces) expect(id).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
  for (const id of spans) expect(id).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
});
