import { describe, expect, test } from "vitest";
import { EventQueue } from "./event-queue.ts";

/** A task that runs until it is told to end. */
class Held {
  readonly #held = Promise.withResolvers<void>();
  hasBegun = false;

  readonly task = async (): Promise<void> => {
    this.hasBegun = true;
    await this.#held.promise;
  };

  async end(): Promise<void> {
    this.#held.resolve();
    await new Promise(setImmediate);
  }
}

describe("EventQueue", () => {
  test("runs so many at once, lets so many wait and takes no more", async () => {
    const queue = new EventQueue({ runningMax: 2, waitingMax: 1 });
    const [a, b, c, d] = [new Held(), new Held(), new Held(), new Held()];
    expect([a, b, c, d].map(({ task }) => queue.push(task))).toEqual([true, true, true, false]);
    expect([a, b, c].map(({ hasBegun }) => hasBegun)).toEqual([true, true, false]);
    await a.end();
    expect(c.hasBegun).toBe(true);
    expect(queue.push(d.task)).toBe(true);
    expect(queue.size).toBe(3);
  });

  test("room() settles when a task would run at once", async () => {
    const queue = new EventQueue({ runningMax: 1, waitingMax: 10 });
    await queue.room();
    const held = new Held();
    queue.push(held.task);
    let hasRoom = false;
    const room = queue.room().then(() => (hasRoom = true));
    await new Promise(setImmediate);
    expect(hasRoom).toBe(false);
    await held.end();
    await room;
    expect(hasRoom).toBe(true);
  });

  test("drain() settles when everything is done", async () => {
    const queue = new EventQueue({ runningMax: 1, waitingMax: 10 });
    const [a, b] = [new Held(), new Held()];
    queue.push(a.task);
    queue.push(b.task);
    let isDrained = false;
    const drained = queue.drain(new AbortController().signal).then(() => (isDrained = true));
    await a.end();
    expect(isDrained).toBe(false);
    await b.end();
    await drained;
    expect(queue.size).toBe(0);
  });

  test.each(["before", "meanwhile"])("drain() gives up when the signal aborts %s", async (when) => {
    const queue = new EventQueue({ runningMax: 1, waitingMax: 10 });
    const [running, waiting] = [new Held(), new Held()];
    queue.push(running.task);
    queue.push(waiting.task);
    const abort = new AbortController();
    if (when === "before") abort.abort();
    const drained = queue.drain(abort.signal);
    abort.abort();
    await drained;
    await running.end();
    expect(waiting.hasBegun).toBe(false);
  });
});
