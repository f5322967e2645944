import { expect, test } from "vitest";
import { boundMemories } from "./memory-bounds.ts";

const page = 65_536;

function recipe(...memories: readonly (readonly [initial: number, maximum?: number])[]) {
  return {
    host: {
      isWatched: true,
      memories: memories.map(([initial, maximum], index) => ({
        name: `memory:${index}`,
        initial,
        maximum,
      })),
    },
  };
}

test.each([
  ["one memory", [recipe([2])], 10, [10]],
  ["one with a smaller maximum of its own", [recipe([2, 5])], 10, [5]],
  ["one that begins at the limit", [recipe([10])], 10, [10]],
  ["one beside another that cannot grow", [recipe([2], [3, 3])], 10, [7, 3]],
  ["two of two instances", [recipe([2]), recipe([4])], 10, [4, 6]],
  ["no limit that matters", [recipe([1])], 1_000_000, [65_536]],
  ["no memory of its own", [{ host: undefined }, recipe()], 1, []],
])("%s", (_name, recipes, pages, maxima) => {
  const bounded = boundMemories(recipes, pages * page);
  const memories = bounded.flatMap(({ host }) => host?.memories ?? []);
  expect(memories.map(({ maximum }) => maximum)).toEqual(maxima);
});

test("a component that begins with more than the limit is refused", () => {
  expect(() => boundMemories([recipe([3]), recipe([3])], 5 * page)).toThrow(
    expect.objectContaining({
      code: "limit",
      message: expect.stringMatching(/begins with 393216 bytes, more than the limit of 327680/),
    }),
  );
});
