import { expect, test } from "vitest";
import { fairTurns, FairTurns } from "./fair-turns.ts";

/** Turns of ten milliseconds in a time of their own; what has begun, in order. */
class Turns {
  nowMs = 1_000;
  readonly begun: string[] = [];
  readonly #soon: (() => void)[] = [];
  readonly #later: (() => void)[] = [];
  readonly turns = new FairTurns({
    turnMsMax: 10,
    now: () => this.nowMs,
    soon: (run) => void this.#soon.push(run),
    later: (run) => void this.#later.push(run),
  });

  /** Asks for something that takes so long. */
  take(app: string, ms = 4): void {
    this.turns.take(app, () => {
      this.begun.push(app);
      this.nowMs += ms;
    });
  }

  /** The event loop goes round once; what began then. */
  next(): string {
    const before = this.begun.length;
    for (const run of this.#later.splice(0)) {
      run();
      for (let soon = this.#soon.shift(); soon !== undefined; soon = this.#soon.shift()) soon();
    }
    return this.begun.slice(before).join("");
  }
}

/** Two apps have been asked shortly before. */
function sharedTurns(): Turns {
  const turns = new Turns();
  for (const app of ["b", "a"]) turns.take(app, 0);
  turns.begun.length = 0;
  turns.nowMs += 1;
  return turns;
}

test("what is asked now and then begins at once, whoever is asked", () => {
  const turns = sharedTurns();
  for (let count = 0; count < 20; count++) {
    turns.take(count % 2 === 0 ? "a" : "b");
    turns.nowMs += 1;
  }
  expect(turns.begun).toHaveLength(20);
  expect(turns.next()).toBe("");
});

test("an app that has the thread for itself never waits", () => {
  const turns = sharedTurns();
  turns.nowMs += 2_000;
  for (let count = 0; count < 100; count++) turns.take("a");
  expect(turns.begun).toHaveLength(100);
});

test("a shared thread lets the event loop go round between turns, and keeps an app's order", () => {
  const turns = sharedTurns();
  for (let count = 0; count < 8; count++) turns.take("a");
  expect(turns.begun).toHaveLength(3);
  expect([turns.next(), turns.next(), turns.next()]).toEqual(["aaa", "aa", ""]);
  // The turn is over: the next ones begin at once again.
  turns.nowMs += 1;
  turns.take("a");
  expect(turns.begun).toHaveLength(9);
  expect(turns.turns.waiting).toBe(0);
});

test("apps take turns, however much one of them has to do", () => {
  const turns = sharedTurns();
  for (let count = 0; count < 103; count++) turns.take("a");
  for (const app of ["b", "c", "b"]) turns.take(app);
  expect(turns.turns.waiting).toBe(103);
  expect([turns.next(), turns.next(), turns.next()]).toEqual(["abc", "aba", "aaa"]);
  // Who comes now waits for one turn of others at most.
  turns.take("d");
  expect(turns.next()).toContain("d");
});

test("one request that takes long keeps the others of its turn waiting, not those of the next", () => {
  const turns = sharedTurns();
  turns.take("a", 500);
  turns.take("b");
  turns.take("c");
  expect(turns.begun).toEqual(["a"]);
  expect(turns.next()).toBe("bc");
});

test("what is answered at once has ended before the next one of its turn begins", async () => {
  const turns = fairTurns(5);
  const { promise, resolve } = Promise.withResolvers<void>();
  const events: string[] = [];
  const ask = (name: string): void => {
    turns.take(name.slice(0, 1), () => void answer(name));
  };
  const answer = async (name: string): Promise<void> => {
    events.push(`${name} begins`);
    for (let step = 0; step < 5; step++) await Promise.resolve();
    events.push(`${name} ends`);
    if (name === "a4") resolve();
  };
  ask("b1");
  turns.take("a", () => {
    const startMs = performance.now();
    while (performance.now() - startMs < 6);
  });
  for (const name of ["a2", "a3", "a4", "b2"]) ask(name);
  await promise;
  expect(events.slice(-8)).toEqual(
    ["a2", "b2", "a3", "a4"].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
});
