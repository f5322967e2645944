import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HostInterface } from "../../instance/host-interface.ts";
import type { ClocksContext, WasiContext } from "../context.ts";
import { closedContext } from "../io/closed-context.ts";
import { poll } from "../io/poll-interface.ts";
import type { Pollable } from "../io/pollable.ts";
import { datetimeOf } from "./datetime.ts";
import { hostClocks } from "./host-clocks.ts";
import { monotonicClock } from "./monotonic-clock.ts";
import { timezone } from "./timezone.ts";
import { wallClock } from "./wall-clock.ts";

const second = 1_000_000_000n;

/** The faked timers' own time. */
const clocks: ClocksContext = {
  monotonicNs: () => BigInt(Date.now()) * 1_000_000n,
  wallNs: () => 5n * second + 7n,
};
const context = closedContext({ clocks });

function call(host: HostInterface<WasiContext>, name: string, ...values: unknown[]): unknown {
  const run = host.functions[name];
  if (run === undefined) throw new Error(`no function ${name}`);
  return run(context, ...values);
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1000 });
});

afterEach(() => {
  vi.useRealTimers();
});

test.each([
  [monotonicClock, "now", second],
  [monotonicClock, "resolution", 1n],
  [wallClock, "now", { seconds: 5n, nanoseconds: 7 }],
  [timezone, "display", { utcOffset: 0, name: "UTC", inDaylightSavingTime: false }],
  [timezone, "utc-offset", 0],
])("$name %s", (host, name, expected) => {
  expect(call(host, name)).toEqual(expected);
});

test("the host's clocks advance", () => {
  vi.useRealTimers();
  const host = hostClocks();
  const [before, wallBefore] = [host.monotonicNs(), host.wallNs()];
  expect(host.monotonicNs()).toBeGreaterThanOrEqual(before);
  expect(host.wallNs()).toBeGreaterThanOrEqual(wallBefore);
  expect(datetimeOf(host.wallNs())?.seconds).toBeGreaterThan(1_700_000_000n);
});

test.each([
  [0n, { seconds: 0n, nanoseconds: 0 }],
  [1_999_999_999n, { seconds: 1n, nanoseconds: 999_999_999 }],
  [-1n, undefined],
])("datetime of %s ns", (ns, expected) => {
  expect(datetimeOf(ns)).toEqual(expected);
});

test.each([
  ["subscribe-duration", 1_500_000n, 1],
  ["subscribe-duration", 60n * second, 59_999],
  ["subscribe-duration", 3_000_000n * second, 2_999_999_999],
  ["subscribe-instant", 3n * second, 1999],
])("%s %s is ready afterwards and not before", async (name, ns, msBefore) => {
  const pollable = call(monotonicClock, name, ns) as Pollable;
  let isWoken = false;
  void pollable.wait().then(() => {
    isWoken = true;
  });
  await vi.advanceTimersByTimeAsync(msBefore);
  expect(pollable.isReady()).toBe(false);
  expect(isWoken).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(pollable.isReady()).toBe(true);
  expect(isWoken).toBe(true);
});

test("the longest duration does not fire", async () => {
  const pollable = call(monotonicClock, "subscribe-duration", (1n << 64n) - 1n) as Pollable;
  void pollable.wait();
  await vi.advanceTimersByTimeAsync(2 ** 31 + 10);
  expect(pollable.isReady()).toBe(false);
  poll.resources["pollable"]?.drop?.(context, pollable);
  expect(vi.getTimerCount()).toBe(0);
});

test.each(["subscribe-duration", "subscribe-instant"])(
  "%s of the past lets the event loop turn once",
  async (name) => {
    const pollable = call(monotonicClock, name, 0n) as Pollable;
    const answer = poll.functions["poll"]?.(context, [pollable]);
    expect(answer).toBeInstanceOf(Promise);
    await vi.advanceTimersByTimeAsync(0);
    expect(await answer).toEqual([0]);
    expect(poll.functions["poll"]?.(context, [pollable])).toEqual([0]);
  },
);

test("asking alone makes a deadline of the past ready, or a guest could ask for ever", () => {
  const pollable = call(monotonicClock, "subscribe-duration", 0n) as Pollable;
  expect([pollable.isReady(), pollable.isReady()]).toEqual([false, true]);
});

test("no timer runs until somebody waits", () => {
  call(monotonicClock, "subscribe-duration", second);
  expect(vi.getTimerCount()).toBe(0);
});
