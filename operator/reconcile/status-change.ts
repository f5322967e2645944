import { isDeepStrictEqual } from "node:util";
import type { SpinAppStatus } from "../api/spin-app.ts";
import type { Condition } from "../kube/object.ts";

/** Whether writing `next` over `previous` would change nothing. */
export function sameStatus(previous: SpinAppStatus | undefined, next: SpinAppStatus): boolean {
  return previous !== undefined && isDeepStrictEqual(plain(previous), plain(next));
}

/** Without undefined fields, in the order of the names of conditions. */
function plain(status: SpinAppStatus): unknown {
  const copy = JSON.parse(JSON.stringify(status)) as { conditions?: Condition[] };
  copy.conditions?.sort((a, b) => (a.type < b.type ? -1 : 1));
  return copy;
}

/**
 * Whether only numbers and words differ. Rollouts change them many times a second; what people and
 * programs wait for (a generation, a condition, a reason) is written at once.
 */
export function isMinorChange(previous: SpinAppStatus | undefined, next: SpinAppStatus): boolean {
  if (previous === undefined) return false;
  if (previous.observedGeneration !== next.observedGeneration) return false;
  return isDeepStrictEqual(major(previous), major(next));
}

function major({ conditions = [] }: SpinAppStatus): unknown {
  return conditions
    .filter(({ type }) => type === "Ready" || type === "Stalled")
    .map(({ type, status, reason }) => `${type} ${status} ${reason}`)
    .toSorted((a, b) => (a < b ? -1 : 1));
}
