import { expect, test } from "vitest";
import { sparkArea, sparkPath } from "./spark-path.ts";

const size = { width: 100, height: 20 };

test.each([
  { name: "nothing", values: [], path: "" },
  { name: "one value", values: [5], path: "M0 10" },
  { name: "a line", values: [0, 5, 10], path: "M0 20L50 10L100 0" },
  { name: "values beyond the axis", values: [-1, 99], path: "M0 20L100 0" },
  { name: "gaps", values: [0, undefined, 10], path: "M0 20M100 0" },
  { name: "no numbers", values: [Number.NaN, 10], path: "M100 0" },
])("$name", ({ values, path }) => {
  expect(sparkPath(values, 10, size)).toBe(path);
});

test("an area is closed at the bottom", () => {
  expect(sparkArea([10, 0], 10, size)).toBe("M0 0L100 20L100 20L0 20Z");
  expect(sparkArea([], 10, size)).toBe("");
});
