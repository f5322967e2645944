import { expect, test } from "vitest";
import { fitsShare } from "./traffic-share.ts";

test.each([
  [40, 200, 0.2, true],
  [55, 200, 0.2, true],
  [70, 200, 0.2, false],
  [100, 200, 0.2, false],
  [0, 200, 0.2, false],
  [200, 200, 0.2, false],
  [0, 0, 0.2, false],
])("%d of %d with an expected share of %d: %s", (hits, total, expected, fits) => {
  expect(fitsShare(hits, total, expected)).toBe(fits);
});
