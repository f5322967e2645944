import { expect, test } from "vitest";
import { durationMs } from "./duration.ts";

test.each([
  ["500ms", 500],
  ["1.5s", 1500],
  ["2m", 120_000],
  ["1h", 3_600_000],
  ["0.1ms", 1],
])("%s is %s ms", (text, ms) => {
  expect(durationMs(text, "f")).toBe(ms);
});

test.each(["", "5", "s", "-1s", "1 s", "1d", "1e3s", "99999999999s"])(
  "%j is no duration",
  (text) => {
    expect(() => durationMs(text, "spec.x")).toThrow("spec.x must be a duration (e.g. 500ms, 30s)");
  },
);
