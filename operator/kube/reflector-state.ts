import { limits } from "../limits.ts";
import { jitteredBackoffMs } from "./backoff.ts";
import { KubeError, isExpired, isKubeError, isVersionTooLarge } from "./kube-error.ts";

/**
 * What a reflector knows between two requests. `from` is the version that the next watch starts
 * after; absent means that everything has to be read anew.
 */
export interface ReflectorState {
  readonly from: string | undefined;
  /** Whether the server streams initial events; false after it has refused or stayed silent. */
  readonly watchList: boolean;
  /** Whether lists are read in pages; false once after a continue token has expired. */
  readonly paged: boolean;
  /** Requests in a row that failed or ended at once. */
  readonly failures: number;
  /** History was lost, and no watch has got anywhere since. */
  readonly lostHistory: boolean;
}

/** The request to make next. */
export type ReflectorAction =
  | { readonly kind: "watchList" }
  | { readonly kind: "list"; readonly paged: boolean }
  | { readonly kind: "watch"; readonly from: string };

/** How a request ended. `livedMs` is from its start; `from` the last version that was seen. */
export type ReflectorOutcome =
  | { readonly kind: "listed"; readonly from: string }
  /** The server ended a watch, which is its right. */
  | { readonly kind: "ended"; readonly from: string | undefined; readonly livedMs: number }
  | {
      readonly kind: "failed";
      readonly error: unknown;
      readonly from: string | undefined;
      readonly livedMs: number;
    };

export interface ReflectorStep {
  readonly state: ReflectorState;
  /** Before the next request. */
  readonly waitMs: number;
}

export const initialReflectorState: ReflectorState = {
  from: undefined,
  watchList: true,
  paged: true,
  failures: 0,
  lostHistory: false,
};

const reconnect = { msMin: limits.reconnectMsMin, msMax: limits.reconnectMsMax };
/** A watch that ends sooner than this without an event is no sign of health. */
const livedMsMin = 1000;

/** The request that follows from what is known. */
export function actionOf({ from, watchList, paged }: ReflectorState): ReflectorAction {
  if (from !== undefined) return { kind: "watch", from };
  return watchList ? { kind: "watchList" } : { kind: "list", paged };
}

/** What is known after a request, and how long to wait; `chance` is in [0, 1). */
export function afterOutcome(
  state: ReflectorState,
  outcome: ReflectorOutcome,
  chance: number,
): ReflectorStep {
  switch (outcome.kind) {
    case "listed":
      return { state: { ...state, from: outcome.from, paged: true }, waitMs: 0 };
    case "ended":
      return afterEnd(state, outcome, chance);
    case "failed":
      return afterFailure(state, outcome, chance);
  }
}

function afterEnd(
  state: ReflectorState,
  { from, livedMs }: { readonly from: string | undefined; readonly livedMs: number },
  chance: number,
): ReflectorStep {
  // Initial events that stop before their end: nothing is known, and this server may do it again.
  if (state.from === undefined && from === undefined) {
    return backOff({ ...state, watchList: false }, chance);
  }
  const advanced = from !== undefined && from !== state.from;
  const next = { ...state, from: from ?? state.from };
  if (!advanced && livedMs < livedMsMin) return backOff(next, chance);
  return { state: { ...next, failures: 0, lostHistory: false }, waitMs: 0 };
}

function afterFailure(
  state: ReflectorState,
  outcome: Extract<ReflectorOutcome, { kind: "failed" }>,
  chance: number,
): ReflectorStep {
  const { error, from = state.from, livedMs } = outcome;
  const advanced = from !== state.from || livedMs >= limits.reconnectResetMs;
  const fresh = advanced ? { failures: 0, lostHistory: false } : {};
  const next = { ...state, ...fresh, from };
  if (isVersionTooLarge(error)) return backOff({ ...next, from: undefined }, chance);
  if (isExpired(error)) {
    // During a list it is the continue token; during a watch the version.
    const duringList = state.from === undefined && !state.watchList;
    const again = { ...next, from: undefined, paged: !duringList, lostHistory: true };
    // History that is lost once is no failure of the server: the objects are read at once.
    return next.lostHistory ? backOff(again, chance) : { state: again, waitMs: 0 };
  }
  if (from === undefined && state.watchList && refusesWatchList(error)) {
    return { state: { ...next, watchList: false }, waitMs: 0 };
  }
  const step = backOff(next, chance);
  const askedMs = isKubeError(error) ? (error.retryAfterMs ?? 0) : 0;
  return { ...step, waitMs: Math.max(step.waitMs, Math.min(askedMs, limits.retryAfterMsMax)) };
}

/**
 * Servers that cannot stream initial events refuse in different ways (422 without the feature, 500
 * over an old etcd) or stay silent. Where a list would be refused too, it is no sign of that.
 */
function refusesWatchList(error: unknown): boolean {
  const generalReasons = ["Unauthorized", "Forbidden", "TooManyRequests", "ServiceUnavailable"];
  return (
    error instanceof KubeError &&
    error.reason !== "Unreachable" &&
    !generalReasons.includes(error.reason)
  );
}

function backOff(state: ReflectorState, chance: number): ReflectorStep {
  const failures = state.failures + 1;
  return {
    state: { ...state, failures },
    waitMs: jitteredBackoffMs(reconnect, failures, chance),
  };
}
