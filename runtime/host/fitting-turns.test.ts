import { expect, test } from "vitest";
import { FittingTurns } from "./fitting-turns.ts";

/** A thread that is asked, and what it has taken. */
class Thread {
  readonly taken: string[] = [];
  #nowMs = 1_000;
  #active = 0;
  #idle = 0;
  readonly #turns = new FittingTurns({
    utilization: () => ({ active: this.#active, idle: this.#idle }),
    take: (length) => void this.taken.push(length),
  });

  /** So long it works, so long it has nothing to do, then somebody asks. */
  goOn(activeMs: number, idleMs: number): void {
    this.#active += activeMs;
    this.#idle += idleMs;
    this.#nowMs += activeMs + idleMs;
    this.#turns.note(this.#nowMs);
  }
}

test("a thread with little to do keeps its short turns", () => {
  const thread = new Thread();
  for (let count = 0; count < 20; count++) thread.goOn(3, 10);
  expect(thread.taken).toEqual(["short"]);
});

test("a busy thread takes ordinary turns, and short ones when it has been quiet", () => {
  const thread = new Thread();
  thread.goOn(3, 10);
  for (let count = 0; count < 100; count++) thread.goOn(1, 0);
  expect(thread.taken).toEqual(["short", "ordinary"]);
  thread.goOn(1, 500);
  expect(thread.taken).toEqual(["short", "ordinary", "short"]);
});

test("a single burst between two looks is not enough", () => {
  const thread = new Thread();
  thread.goOn(5, 100);
  thread.goOn(10, 0);
  thread.goOn(5, 15);
  expect(thread.taken).toEqual(["short"]);
});
