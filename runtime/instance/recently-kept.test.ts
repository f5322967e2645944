import { expect, test } from "vitest";
import { RecentlyKept } from "./recently-kept.ts";

test("a value is given once, and to whom it was kept for", () => {
  const kept = new RecentlyKept<string>(2);
  const [first, second] = [{}, {}];
  kept.keep(first, "a");
  expect(kept.take(second)).toBeUndefined();
  expect(kept.has(first)).toBe(true);
  expect(kept.take(first)).toBe("a");
  expect(kept.has(first)).toBe(false);
  expect(kept.take(first)).toBeUndefined();
});

test("those that have waited longest make room for others", () => {
  const dropped: string[] = [];
  const kept = new RecentlyKept<string>(2, (value) => dropped.push(value));
  const [first, second, third] = [{}, {}, {}];
  kept.keep(first, "a");
  kept.keep(second, "b");
  kept.keep(first, "c");
  kept.keep(third, "d");
  expect([first, second, third].map((owner) => kept.has(owner))).toEqual([true, false, true]);
  expect(dropped).toEqual(["b"]);
});
