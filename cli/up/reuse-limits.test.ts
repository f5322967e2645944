import { describe, expect, test } from "vitest";
import {
  parseBytes,
  parseCount,
  parseCountRange,
  parseDuration,
  parseDurationRange,
  reuseLimits,
} from "./reuse-limits.ts";

describe("parseCountRange", () => {
  test.each([
    ["1", 1, 1],
    ["8..32", 8, 32],
    ["8..8", 8, 8],
  ])("%s", (text, min, max) => {
    expect(parseCountRange(text)).toEqual({ min, max });
  });

  test.each(["", "0", "-1", "1.5", "a", "1..", "..2", "3..2", "1..2..3", "99999999999"])(
    "refuses %j",
    (text) => {
      expect(() => parseCountRange(text)).toThrow("Write one value");
    },
  );
});

describe("parseDurationRange", () => {
  test.each([
    ["1s", 1000, 1000],
    ["0", 0, 0],
    ["250ms..2m", 250, 120_000],
  ])("%s", (text, min, max) => {
    expect(parseDurationRange(text)).toEqual({ min, max });
  });

  test.each(["", "1h", "s", "2s..1s"])("refuses %j", (text) => {
    expect(() => parseDurationRange(text)).toThrow("Write one value");
  });
});

describe("reuseLimits", () => {
  const one = { min: 1, max: 1 };

  test("isolated wins over everything", () => {
    const limits = reuseLimits({ isolated: true, maxInstanceReuseCount: { min: 9, max: 9 } });
    expect(limits.requestsMax).toEqual(one);
    expect(limits.concurrentMax).toEqual(one);
  });

  test("each flag changes one bound", () => {
    expect(reuseLimits({ maxInstanceConcurrentReuseCount: one })).toEqual({
      requestsMax: { min: 128, max: 128 },
      concurrentMax: one,
      idleMs: { min: 1000, max: 1000 },
    });
  });
});

test.each([
  ["1", 1],
  ["4096", 4096],
])("parseCount %s", (text, count) => {
  expect(parseCount(text)).toBe(count);
});

test.each(["", "0", "-1", "1.5", "1k", "1..2"])("parseCount refuses %j", (text) => {
  expect(() => parseCount(text)).toThrow("Write a number");
});

describe("parseDuration and parseBytes", () => {
  test.each([
    ["10s", 10_000],
    ["250ms", 250],
  ])("%s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    ["1000", 1000],
    ["64k", 65_536],
    ["128M", 134_217_728],
    ["2G", 2_147_483_648],
  ])("%s", (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each(["", "0", "1s..2s", "x"])("refuse %j", (text) => {
    expect(() => parseDuration(text)).toThrow("Write");
    expect(() => parseBytes(text)).toThrow("Write");
  });
});
