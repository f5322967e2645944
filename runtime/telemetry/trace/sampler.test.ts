import { expect, test } from "vitest";
import { createSampler } from "./sampler.ts";
import { lots, RandomTraceIds } from "./trace-ids.ts";

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
  const decided = [sampler.begins(lots - 1), sampler.continues(sampled)];
  expect([...decided, sampler.continues(unsampled)]).toEqual([alone, ofSampled, ofUnsampled]);
});

test("a ratio decides by the end of the trace id, so that all processes decide alike", () => {
  const sampler = createSampler("traceidratio", 0.25);
  const ids = new RandomTraceIds();
  for (const [lot, isKept] of [
    [0, true],
    [lots / 4 - 1, true],
    [lots / 4, false],
    [lots - 1, false],
  ] as const) {
    const traceId = ids.traceId(lot);
    expect(sampler.begins(lot)).toBe(isKept);
    expect(sampler.continues({ traceId, isSampled: !isKept })).toBe(isKept);
  }
  expect(createSampler("parentbased_traceidratio", 0).continues(sampled)).toBe(true);
  expect(createSampler("traceidratio", 1).begins(lots - 1)).toBe(true);
});

test("identifiers have the right length, are never zero and do not repeat", () => {
  const ids = new RandomTraceIds();
  const traces = new Set(Array.from({ length: 2000 }, () => ids.traceId(ids.lot())));
  const spans = new Set(Array.from({ length: 2000 }, () => ids.spanId()));
  expect(traces.size + spans.size).toBe(4000);
  for (const id of traces) expect(id).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
  for (const id of spans) expect(id).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
});
