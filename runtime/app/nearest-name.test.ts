import { expect, test } from "vitest";
import { didYouMean, nearestName } from "./nearest-name.ts";

const keys = ["route", "component", "executor", "static_response", "id"];

test.each<[name: string, nearest: string | undefined]>([
  ["rout", "route"],
  ["Route", "route"],
  ["ruote", "route"],
  ["routes", "route"],
  ["componet", "component"],
  ["comp", "component"],
  ["static", "static_response"],
  ["static-response", "static_response"],
  ["x", undefined],
  ["path", undefined],
  ["", undefined],
  ["r".repeat(10_000), undefined],
])("nearestName of %j is %s", (name, nearest) => {
  expect(nearestName(name, keys)).toBe(nearest);
});

test("didYouMean is empty when nothing is near", () => {
  expect(didYouMean("path", keys)).toBe("");
  expect(didYouMean("rout", keys)).toBe('; did you mean "route"?');
});
