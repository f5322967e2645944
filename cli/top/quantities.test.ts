import { expect, test } from "vitest";
import { bytesText, durationText, rateText, shareText } from "./quantities.ts";
import { fitText } from "./text-width.ts";

test.each([
  [bytesText(undefined), "-"],
  [bytesText(1023), "1023B"],
  [bytesText(1536), "1.5KiB"],
  [bytesText(300 * 1024 * 1024), "300MiB"],
  [durationText(0.0854), "85us"],
  [durationText(1.254), "1.25ms"],
  [durationText(99.94), "99.9ms"],
  [durationText(2500), "2.50s"],
  [rateText(0), "0"],
  [rateText(0.44), "0.4"],
  [rateText(1234.5), "1235"],
  [shareText(0.004), "0.4%"],
  [shareText(1.5), "150%"],
])("%s", (text, expected) => {
  expect(text).toBe(expected);
});

test.each([
  ["abc", 5, "left", "abc  "],
  ["abc", 5, "right", "  abc"],
  ["abcdef", 4, "left", "abc…"],
  ["買い物", 4, "left", "買… "],
  ["👨‍👩‍👧x", 3, "left", "👨‍👩‍👧x"],
  ["x", 0, "left", ""],
] as const)("%s in %i columns, %s", (text, columns, side, expected) => {
  expect(fitText(text, columns, side)).toBe(expected);
});
