import { expect, test } from "vitest";
import { NewestRing } from "./newest-ring.ts";

test.each([
  { name: "nothing", pushes: [], newest: [] },
  { name: "less than fits", pushes: [[1, 2]], newest: [2, 1] },
  { name: "as much as fits", pushes: [[1, 2, 3]], newest: [3, 2, 1] },
  { name: "more than fits", pushes: [[1, 2, 3, 4, 5]], newest: [5, 4, 3] },
  { name: "pieces", pushes: [[1], [2, 3, 4], [5, 6, 7, 8]], newest: [8, 7, 6] },
])("keeps the newest of $name", ({ pushes, newest }) => {
  const ring = new NewestRing<number>(3);
  for (const push of pushes) ring.push(push);
  expect(ring.newest(10)).toEqual(newest);
  expect(ring.length).toBe(newest.length);
  expect(ring.total).toBe(pushes.flat().length);
  expect([ring.at(-1), ring.at(newest.length)]).toEqual([undefined, undefined]);
});

test("is empty after it was cleared", () => {
  const ring = new NewestRing<number>(2);
  ring.push([1, 2, 3]);
  ring.clear();
  ring.push([4]);
  expect(ring.newest(5)).toEqual([4]);
});
