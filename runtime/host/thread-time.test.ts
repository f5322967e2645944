import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { ownThread, spentMs } from "./thread-time.ts";

test("a thread that works is seen to, where the kernel counts it", () => {
  const own = ownThread();
  const isCounted = existsSync("/proc/thread-self/schedstat");
  expect(own !== undefined).toBe(existsSync("/proc/thread-self"));
  const before = spentMs(own);
  expect(before !== undefined).toBe(isCounted);
  const untilMs = performance.now() + 200;
  while (performance.now() < untilMs);
  expect((spentMs(own) ?? 0) > (before ?? 0)).toBe(isCounted);
});

test.each([undefined, 0, -1])("of a thread that is not there (%s) nothing is known", (thread) => {
  expect(spentMs(thread)).toBeUndefined();
});
