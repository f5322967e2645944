import { setTimeout as delay } from "node:timers/promises";
import { shimLimits } from "../limits.ts";

/**
 * Waits for those who have not heard yet that a pod ends: as long as requests may still come to an
 * app that was asked lately, not at all for one that was not. Ends early with the signal.
 */
export async function lastRequests(
  { lastRequestMs }: { readonly lastRequestMs: number | undefined },
  signal?: AbortSignal,
): Promise<void> {
  if (lastRequestMs === undefined) return;
  const leftMs = lastRequestMs + shimLimits.lastRequestsMs - performance.now();
  if (leftMs <= 0) return;
  await delay(shimLimits.lastRequestsMs, undefined, signal && { signal }).catch(() => undefined);
}
