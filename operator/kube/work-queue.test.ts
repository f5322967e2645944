import { describe, expect, test } from "vitest";
import { limits } from "../limits.ts";
import { FakeClock } from "./fake-clock.ts";
import { ItemBackoff, TokenBucket } from "./rate-limiter.ts";
import { WorkQueue, priorities } from "./work-queue.ts";

const never = new AbortController().signal;

/** Takes keys until the queue is empty; each is done at once. */
async function takeAll(queue: WorkQueue): Promise<string[]> {
  const keys: string[] = [];
  while (queue.length > 0) {
    const key = await queue.get(never);
    if (key === undefined) break;
    keys.push(key);
    queue.done(key);
  }
  return keys;
}

describe("order", () => {
  const { high, normal, low } = priorities;
  test.each([
    {
      name: "oldest first",
      added: [
        ["a", normal],
        ["b", normal],
      ],
      taken: ["a", "b"],
    },
    {
      name: "each once",
      added: [
        ["a", normal],
        ["b", normal],
        ["a", normal],
      ],
      taken: ["a", "b"],
    },
    {
      name: "priorities first",
      added: [
        ["a", low],
        ["b", normal],
        ["c", high],
        ["d", normal],
      ],
      taken: ["c", "b", "d", "a"],
    },
    {
      name: "a higher priority moves forward",
      added: [
        ["a", low],
        ["b", low],
        ["b", normal],
      ],
      taken: ["b", "a"],
    },
    {
      name: "a lower one does not move back",
      added: [
        ["a", normal],
        ["b", normal],
        ["a", low],
      ],
      taken: ["a", "b"],
    },
  ] as const)("$name", async ({ added, taken }) => {
    const queue = new WorkQueue({ clock: new FakeClock() });
    for (const [key, priority] of added) queue.add(key, { priority });
    expect(await takeAll(queue)).toEqual(taken);
  });

  test("a change of somebody overtakes 10,000 objects of the initial list", async () => {
    const queue = new WorkQueue({ clock: new FakeClock() });
    for (let index = 0; index < 10_000; index += 1) queue.add(`n${index}`, { priority: low });
    queue.add("n9999");
    expect(await queue.get(never)).toBe("n9999");
    expect(queue.length).toBe(9999);
  });
});

describe("a key is with one worker at a time", () => {
  test("added while it is worked on, it waits until that is done, and then only once", async () => {
    const queue = new WorkQueue({ clock: new FakeClock() });
    queue.add("a");
    expect(await queue.get(never)).toBe("a");
    queue.add("a");
    queue.add("a", { priority: priorities.high });
    expect(queue.length).toBe(0);
    queue.done("a");
    expect(await takeAll(queue)).toEqual(["a"]);
    expect(queue.idle).toBe(true);
  });

  test("a worker that waits gets the key at once; done of a key without worker is nothing", async () => {
    const queue = new WorkQueue({ clock: new FakeClock() });
    const first = queue.get(never);
    const second = queue.get(never);
    queue.done("a");
    queue.add("a");
    queue.add("b");
    expect([await first, await second]).toEqual(["a", "b"]);
  });

  test("a worker that has left gets nothing", async () => {
    const queue = new WorkQueue({ clock: new FakeClock() });
    const leave = new AbortController();
    const left = queue.get(leave.signal);
    const stays = queue.get(never);
    leave.abort();
    queue.add("a");
    expect([await left, await stays]).toEqual([undefined, "a"]);
    expect(await queue.get(leave.signal)).toBeUndefined();
  });
});

describe("delays", () => {
  test("of several times the earliest counts, and adding at once wins", async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    queue.addAfter("a", 1000);
    queue.addAfter("a", 100);
    queue.addAfter("a", 500);
    queue.addAfter("b", 50);
    queue.add("b");
    expect(await takeAll(queue)).toEqual(["b"]);
    await clock.advance(99);
    expect(queue.length).toBe(0);
    await clock.advance(1);
    expect(await takeAll(queue)).toEqual(["a"]);
    await clock.advance(10_000);
    expect(queue.length).toBe(0);
    expect(clock.timers).toBe(0);
  });

  test("each failure doubles the pause, a success forgets", async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    const pauses: number[] = [];
    for (let failure = 0; failure < 4; failure += 1) {
      const startMs = clock.now();
      queue.addRateLimited("a");
      while (queue.length === 0) await clock.advance(5);
      pauses.push(clock.now() - startMs);
      await takeAll(queue);
    }
    expect(pauses).toEqual([5, 10, 20, 40]);
    expect(queue.failures("a")).toBe(4);
    queue.forget("a");
    expect(queue.failures("a")).toBe(0);
  });

  test("close drops what waits and is delayed, and sends workers home", async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    const waiting = queue.get(never);
    queue.addAfter("a", 10);
    queue.close();
    expect(await waiting).toBeUndefined();
    queue.add("b");
    await clock.advance(1000);
    expect(queue.length).toBe(0);
    expect(clock.timers).toBe(0);
    expect(await queue.get(never)).toBeUndefined();
  });
});

test("the pause of a key has an upper bound", () => {
  const { itemBackoffMsMin: msMin, itemBackoffMsMax: msMax } = limits;
  const backoff = new ItemBackoff({ msMin, msMax });
  const pauses = Array.from({ length: 2000 }, () => backoff.delayMs("a"));
  expect(pauses.slice(0, 3)).toEqual([5, 10, 20]);
  expect(pauses.at(-1)).toBe(1_000_000);
});

test("a bucket gives its burst, then so many a second, and fills up again", async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket(clock, { perSecond: 10, burst: 3 });
  const reserve = (): number => bucket.reserveMs();
  expect([reserve(), reserve(), reserve(), reserve(), reserve()]).toEqual([0, 0, 0, 100, 200]);
  await clock.advance(200);
  expect(bucket.take()).toBe(false);
  await clock.advance(60_000);
  expect([bucket.take(), bucket.take(), bucket.take(), bucket.take()]).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

test("metrics hear of every step", async () => {
  const told: string[] = [];
  const clock = new FakeClock();
  const queue = new WorkQueue({
    clock,
    observer: {
      added: (priority) => told.push(`added ${priority}`),
      taken: (priority, seconds) => told.push(`taken ${priority} ${seconds}`),
      done: (seconds) => told.push(`done ${seconds}`),
      retried: () => told.push("retried"),
      raised: (from, to) => told.push(`raised ${from} ${to}`),
    },
  });
  queue.add("a", { priority: priorities.low });
  queue.add("a");
  await clock.advance(2000);
  await queue.get(never);
  await clock.advance(1000);
  queue.addRateLimited("a");
  queue.done("a");
  expect(told).toEqual(["added -100", "raised -100 0", "taken 0 2", "retried", "done 1"]);
});
