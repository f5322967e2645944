import { expect, test } from "vitest";
import { TurnEnd } from "./turn-end.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("everything that was added within a turn is released at its end, in order and once", async () => {
  const released: string[] = [];
  const turnEnd = new TurnEnd();
  const add = (name: string): void => turnEnd.add({ release: () => void released.push(name) });
  add("a");
  await Promise.resolve();
  add("b");
  expect(released).toEqual([]);
  await nextTurn();
  expect(released).toEqual(["a", "b"]);
  await nextTurn();
  expect(released).toEqual(["a", "b"]);
});

test("what is added by a release waits for the turn after it", async () => {
  const released: string[] = [];
  const turnEnd = new TurnEnd();
  turnEnd.add({
    release: () => {
      released.push("first");
      turnEnd.add({ release: () => void released.push("second") });
    },
  });
  await nextTurn();
  expect(released).toEqual(["first"]);
  await nextTurn();
  expect(released).toEqual(["first", "second"]);
});
