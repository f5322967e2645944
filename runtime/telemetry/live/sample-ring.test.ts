import { expect, test } from "vitest";
import { type Sample, SampleRing } from "./sample-ring.ts";

const sample: Sample = {
  requestsPerSecond: 10,
  errorsPerSecond: 2,
  coldStartsPerSecond: 1,
  p50Ms: 0.5,
  p99Ms: undefined,
  memoryBytes: 65_536,
  cpuShare: undefined,
};

test("samples come back as they were, until others need their place", () => {
  const ring = new SampleRing(3);
  ring.set(0, sample, 1);
  ring.set(2, { ...sample, requestsPerSecond: 20 }, 1);
  expect(ring.get(0)).toEqual(sample);
  expect(ring.get(1)).toBeUndefined();
  expect(ring.get(-1)).toBeUndefined();
  expect([0, 1, 2].map((tick) => ring.rate(tick))).toEqual([10, 0, 20]);
  ring.set(3, { ...sample, requestsPerSecond: 30 }, 1);
  expect(ring.get(0)).toBeUndefined();
  expect(ring.get(3)?.requestsPerSecond).toBe(30);
});

test("sums what is there of the last ones", () => {
  const ring = new SampleRing(4);
  expect(ring.sum(0, 4)).toEqual({ requests: 0, errors: 0 });
  for (const tick of [0, 1, 3]) ring.set(tick, sample, 1);
  ring.set(4, sample, 0.5);
  expect(ring.sum(4, 4)).toEqual({ requests: 25, errors: 5 });
  expect(ring.sum(4, 2)).toEqual({ requests: 15, errors: 3 });
});
