import { expect, test } from "vitest";
import { PreloadQueue } from "./preload-queue.ts";

/** A queue, and what it has begun to load. */
function queueThatLoads(isNeeded: (name: string) => boolean = () => true): {
  readonly queue: PreloadQueue;
  readonly begun: string[];
} {
  const begun: string[] = [];
  const queue = new PreloadQueue((name) => {
    if (!isNeeded(name)) return false;
    begun.push(name);
    return true;
  });
  return { queue, begun };
}

test("one after the other, each once", () => {
  const { queue, begun } = queueThatLoads();
  for (const name of ["a", "b", "b", "c"]) queue.add(name);
  expect(begun).toEqual(["a"]);
  queue.done("c");
  expect(begun).toEqual(["a"]);
  queue.done("a");
  queue.done("b");
  expect(begun).toEqual(["a", "b", "c"]);
});

test("what needs no loading is passed over", async () => {
  const { queue, begun } = queueThatLoads((name) => name === "c");
  for (const name of ["a", "b", "c"]) queue.add(name);
  expect(begun).toEqual(["c"]);
  queue.done("c");
  await queue.empty();
});

test("it is empty when the last one is done", async () => {
  const { queue } = queueThatLoads();
  await queue.empty();
  queue.add("a");
  let isEmpty = false;
  const empty = queue.empty().then(() => (isEmpty = true));
  await Promise.resolve();
  expect(isEmpty).toBe(false);
  queue.done("a");
  await empty;
});

test.each(["remove", "clear", "lost"] as const)("%s does not hold up the others", async (how) => {
  const { queue, begun } = queueThatLoads();
  queue.add("a");
  if (how === "remove") queue.remove("a");
  else if (how === "clear") queue.clear();
  else {
    queue.lost(["a"]);
    queue.done("a");
  }
  queue.add("b");
  expect(begun.at(-1)).toBe("b");
  queue.done("b");
  await queue.empty();
});

test("what was loaded by a worker that is gone is loaded again", () => {
  const { queue, begun } = queueThatLoads();
  queue.lost(["a", "b"]);
  queue.done("a");
  queue.done("b");
  expect(begun).toEqual(["a", "b"]);
});

test("what ends one worker after the other is left alone", async () => {
  const { queue, begun } = queueThatLoads();
  queue.add("poison");
  for (let round = 0; round < 5; round++) queue.lost(["poison"]);
  expect(begun).toEqual(["poison", "poison"]);
  await queue.empty();
});
