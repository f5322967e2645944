import { expect, test } from "vitest";
import { collectedUs, type FirstCall, splitOf } from "./first-call-stages.ts";

test.each([
  ["before it", { startMs: 0, ms: 10 }, 0],
  ["over its beginning", { startMs: 9, ms: 2 }, 1_000],
  ["within it", { startMs: 11, ms: 0.5 }, 500],
  ["around it", { startMs: 0, ms: 100 }, 4_000],
  ["after it", { startMs: 14, ms: 1 }, 0],
])("a garbage collection %s", (_where, collection, expected) => {
  expect(collectedUs({ startMs: 10, total: 4_000 }, [collection])).toBeCloseTo(expected);
});

function call(total: number, collected: number): FirstCall {
  return {
    startMs: 0,
    total,
    memories: total / 10,
    "V8 instantiates": total / 2,
    "glue and snapshot": 0,
    "guest answers": 0,
    "put back": 0,
    "garbage collection": collected,
    "no processor": 0,
    pageFaults: 7,
  };
}

test("what the slowest hundredth does is told apart from the rest", () => {
  const calls = Array.from({ length: 198 }, (_, index) => call(100 + index / 1_000, 0));
  const split = splitOf([call(9_000, 8_000), ...calls, call(7_000, 0)]);
  expect(split.p50["V8 instantiates"]).toBeCloseTo(50, 0);
  expect(split.slowestMean).toMatchObject({
    "V8 instantiates": 4_000,
    "garbage collection": 4_000,
  });
  expect(split.slowestCollected).toBe(0.5);
  expect(split.uncollectedP99).toBeCloseTo(100.2);
  expect(split.pageFaultsP50).toBe(7);
});
