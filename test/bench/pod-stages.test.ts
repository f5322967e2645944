import { expect, test } from "vitest";
import { rateTo, stagesTo } from "./pod-stages.ts";

test.each([
  { given: [5], expected: [5] },
  { given: [50], expected: [10, 50] },
  { given: [30, 120], expected: [10, 30, 50, 100, 120] },
  { given: [50, 500], expected: [10, 50, 100, 200, 300, 400, 500] },
])("the node is looked at on the way to $given", ({ given, expected }) => {
  expect(stagesTo(...given)).toEqual(expected);
});

const stages = [
  // Ten in one second, then ninety in three.
  { pods: 11, perSecond: 10 },
  { pods: 101, perSecond: 30 },
];

test.each([
  { count: 11, expected: 10 },
  { count: 50, expected: 10 },
  { count: 101, expected: 25 },
])("pods started in a second until there are $count: $expected", ({ count, expected }) => {
  expect(rateTo(stages, count)).toBe(expected);
});
