import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { TimerPollable } from "../clocks/timer-pollable.ts";
import { closedContext } from "./closed-context.ts";
import { poll } from "./poll-interface.ts";
import { readyPollable } from "./pollable.ts";
import type { Pollable } from "./pollable.ts";
import { Wakeup } from "./wakeup.ts";

const context = closedContext();

/** Ready when the test says so; counts how often it was waited for. */
class Switch implements Pollable {
  readonly #wakeup = new Wakeup();
  isOn = false;
  waits = 0;

  isReady(): boolean {
    return this.isOn;
  }

  wait(): Promise<void> {
    this.waits += 1;
    return this.#wakeup.wait();
  }

  wake(isOn: boolean): void {
    this.isOn = isOn;
    this.#wakeup.wake();
  }
}

function call(name: string, value: unknown): unknown {
  const run = poll.functions[name];
  if (run === undefined) throw new Error(`no function ${name}`);
  return run(context, value);
}

test("an empty list traps", () => {
  expect(() => call("poll", [])).toThrow(expect.objectContaining({ code: "trap" }));
});

test.each([
  ["one ready", [readyPollable], [0]],
  ["the second of three", [new Switch(), readyPollable, new Switch()], [1]],
  ["the same twice", [readyPollable, new Switch(), readyPollable], [0, 2]],
])("poll answers at once: %s", (_name, pollables, expected) => {
  expect(call("poll", pollables)).toEqual(expected);
});

test("poll waits for the first that becomes ready", async () => {
  const [one, two] = [new Switch(), new Switch()];
  const answer = call("poll", [one, two, two]);
  two.wake(true);
  expect(await answer).toEqual([1, 2]);
});

test("a wake-up without readiness does not end a poll", async () => {
  const [one, two] = [new Switch(), new Switch()];
  const answer = call("poll", [one, two]);
  one.wake(false);
  await nextTurn();
  one.wake(true);
  expect(await answer).toEqual([0]);
});

test("polls that come and go leave one waiter on an idle pollable", async () => {
  const idle = new Switch();
  for (let round = 0; round < 5; round += 1) {
    const busy = new Switch();
    const answer = call("poll", [idle, busy]);
    busy.wake(true);
    expect(await answer).toEqual([1]);
  }
  expect(idle.waits).toBe(1);
});

test("ready and block", async () => {
  const one = new Switch();
  expect(call("[method]pollable.ready", one)).toBe(false);
  const blocked = call("[method]pollable.block", one);
  expect(blocked).toBeInstanceOf(Promise);
  one.wake(false);
  await nextTurn();
  one.wake(true);
  await blocked;
  expect(call("[method]pollable.ready", one)).toBe(true);
  expect(call("[method]pollable.block", one)).toBeUndefined();
});

test("dropping a pollable's handle stops a timer and leaves other objects alone", () => {
  const timersBefore = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const timer = new TimerPollable(context.clocks, context.clocks.monotonicNs() + 10n ** 12n);
  void timer.wait();
  poll.resources["pollable"]?.drop?.(context, timer);
  const timersAfter = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  expect(timersAfter).toBe(timersBefore);
  expect(() => poll.resources["pollable"]?.drop?.(context, readyPollable)).not.toThrow();
});
