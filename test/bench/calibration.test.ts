import { expect, test } from "vitest";
import { noiseReason } from "./calibration.ts";

const steady = { p50Ms: 1, unsteadiness: 1.05 };

test.each([
  ["steady", steady, steady, undefined],
  ["a little slower afterwards", steady, { ...steady, p50Ms: 1.1 }, undefined],
  ["busy before", { ...steady, unsteadiness: 1.9 }, steady, /busy: .* 1\.90 times/],
  ["busy afterwards", steady, { ...steady, unsteadiness: 2 }, /busy/],
  ["slower afterwards", steady, { ...steady, p50Ms: 1.5 }, /changed its pace by 1\.50/],
  ["faster afterwards", { ...steady, p50Ms: 2 }, steady, /changed its pace by 2\.00/],
])("a machine that is %s", (_what, before, after, expected) => {
  if (expected === undefined) expect(noiseReason(before, after)).toBeUndefined();
  else expect(noiseReason(before, after)).toMatch(expected);
});
