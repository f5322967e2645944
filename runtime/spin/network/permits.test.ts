import { expect, test } from "vitest";
import { Permits } from "./permits.ts";

/** Which of the permits that were asked for are there. */
function asked(permits: readonly Permits[]): {
  readonly got: number[];
  readonly release: (index: number) => Promise<void>;
} {
  const got: number[] = [];
  const releases = permits.map(async (each, index) => {
    const release = await each.acquire();
    got.push(index);
    return release;
  });
  return {
    got,
    release: async (index) => {
      (await releases[index])?.();
      await new Promise(setImmediate);
    },
  };
}

test("without a bound nobody waits", () => {
  const permits = new Permits(undefined);
  expect([permits.acquire(), permits.acquire()]).toEqual([
    expect.any(Function),
    expect.any(Function),
  ]);
});

test("who comes later has a turn later, in order; to give back twice is once", async () => {
  const permits = new Permits(1);
  const { got, release } = asked([permits, permits, permits]);
  await new Promise(setImmediate);
  expect(got).toEqual([0]);
  await release(0);
  await release(0);
  expect(got).toEqual([0, 1]);
  await release(1);
  expect(got).toEqual([0, 1, 2]);
});

test("a bound over two kinds holds for both together", async () => {
  const total = new Permits(2);
  const [one, other] = [new Permits(1, total), new Permits(undefined, total)];
  const { got, release } = asked([one, one, other, other]);
  await new Promise(setImmediate);
  expect(got).toEqual([0, 2]);
  await release(0);
  expect(got).toEqual([0, 2, 3]);
  await release(2);
  expect(got).toEqual([0, 2, 3, 1]);
});
