import { expect, test } from "vitest";
import { KeptMemories } from "./kept-memories.ts";

const memories = (): WebAssembly.Memory[][] => [[new WebAssembly.Memory({ initial: 1 })]];

test("memories are given once, and to whom they were kept for", () => {
  const kept = new KeptMemories(2);
  const [first, second] = [{}, {}];
  const given = memories();
  kept.keep(first, given);
  expect(kept.take(second)).toBeUndefined();
  expect(kept.has(first)).toBe(true);
  expect(kept.take(first)).toBe(given);
  expect(kept.has(first)).toBe(false);
  expect(kept.take(first)).toBeUndefined();
});

test("those that have waited longest make room for others", () => {
  const kept = new KeptMemories(2);
  const [first, second, third] = [{}, {}, {}];
  kept.keep(first, memories());
  kept.keep(second, memories());
  kept.keep(first, memories());
  kept.keep(third, memories());
  expect([first, second, third].map((owner) => kept.has(owner))).toEqual([true, false, true]);
});
