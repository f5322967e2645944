import { expect, test } from "vitest";
import { chain, noiseReason } from "./calibration.ts";
import type { Calibration } from "./calibration.ts";

const memory = { p50Ns: 20, unsteadiness: 1.2 };
const steady = { p50Ms: 1, unsteadiness: 1.05, memory };

test.each([
  ["steady", steady, steady, undefined],
  ["a little slower afterwards", steady, { ...steady, p50Ms: 1.1 }, undefined],
  ["busy before", { ...steady, unsteadiness: 1.9 }, steady, /busy: .* 1\.90 times/],
  ["busy afterwards", steady, { ...steady, unsteadiness: 2 }, /busy/],
  ["slower afterwards", steady, { ...steady, p50Ms: 1.5 }, /changed its pace by 1\.50/],
  ["faster afterwards", { ...steady, p50Ms: 2 }, steady, /changed its pace by 2\.00/],
  ["a little slower with memory", steady, withMemory({ p50Ns: 29 }), undefined],
  ["busy with memory", withMemory({ unsteadiness: 3 }), steady, /memory is busy: .* 3\.00 times/],
  ["slow with memory afterwards", steady, withMemory({ p50Ns: 80 }), /memory .* pace by 4\.00/],
  ["faster with memory afterwards", withMemory({ p50Ns: 80 }), steady, /memory .* pace by 4\.00/],
])("a machine that is %s", (_what, before, after, expected) => {
  if (expected === undefined) expect(noiseReason(before, after)).toBeUndefined();
  else expect(noiseReason(before, after)).toMatch(expected);
});

test.each([2, 3, 1000])("a chain of %i words comes back after all of them", (length) => {
  const next = chain(length);
  const seen = new Set<number>();
  for (let at = 0; !seen.has(at); at = next[at] ?? Number.NaN) seen.add(at);
  expect(seen.size).toBe(length);
});

function withMemory(other: Partial<typeof memory>): Calibration {
  return { ...steady, memory: { ...memory, ...other } };
}
