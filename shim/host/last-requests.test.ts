import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { shimLimits } from "../limits.ts";
import { lastRequests } from "./last-requests.ts";

test.each([
  ["never", undefined, true],
  ["long ago", -shimLimits.lastRequestsMs - 1, true],
  ["just now", 0, false],
])("an app that was asked %s", async (_, agoMs, endsAtOnce) => {
  const lastRequestMs = agoMs === undefined ? undefined : performance.now() + agoMs;
  const cut = new AbortController();
  let hasEnded = false;
  const waiting = lastRequests({ lastRequestMs }, cut.signal).then(() => (hasEnded = true));
  await setImmediate();
  expect(hasEnded).toBe(endsAtOnce);
  cut.abort();
  await waiting;
  expect(hasEnded).toBe(true);
});
