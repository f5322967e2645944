import { expect, test } from "vitest";
import { limits } from "../limits.ts";
import { errorOfStatus, unreachable } from "./kube-error.ts";
import {
  type ReflectorOutcome,
  type ReflectorState,
  actionOf,
  afterOutcome,
  initialReflectorState,
} from "./reflector-state.ts";

const expired = errorOfStatus({ code: 410, reason: "Expired" }, "GET /x");
const gone = errorOfStatus({ code: 410, reason: "Gone" }, "GET /x");
const invalid = errorOfStatus({ code: 422, reason: "Invalid" }, "GET /x");
const oldEtcd = errorOfStatus({ code: 500 }, "GET /x");
const silent = errorOfStatus({ code: 0, reason: "Timeout" }, "GET /x");
const forbidden = errorOfStatus({ code: 403, reason: "Forbidden" }, "GET /x");
const lost = unreachable("GET /x", new Error("ECONNREFUSED"));
const busy = errorOfStatus(
  { code: 429, reason: "TooManyRequests", details: { retryAfterSeconds: 7 } },
  "GET /x",
);
const future = errorOfStatus(
  { code: 504, reason: "Timeout", details: { causes: [{ reason: "ResourceVersionTooLarge" }] } },
  "GET /x",
);

const start = initialReflectorState;
const listing: ReflectorState = { ...start, watchList: false };
const watching: ReflectorState = { ...start, from: "5" };
const short = 10;
const long = limits.reconnectResetMs;

function failed(error: unknown, from?: string, livedMs = short): ReflectorOutcome {
  return { kind: "failed", error, from, livedMs };
}

interface Row {
  readonly name: string;
  readonly state: ReflectorState;
  readonly outcome: ReflectorOutcome;
  readonly next: Partial<ReflectorState>;
  readonly waitMs: number;
}

const rows: Row[] = [
  {
    name: "a list is followed by a watch from its version",
    state: listing,
    outcome: { kind: "listed", from: "9" },
    next: { from: "9", failures: 0 },
    waitMs: 0,
  },
  {
    name: "a watch that the server ends goes on at once",
    state: watching,
    outcome: { kind: "ended", from: "7", livedMs: short },
    next: { from: "7", failures: 0 },
    waitMs: 0,
  },
  {
    name: "a quiet watch that lived its time goes on at once",
    state: { ...watching, failures: 3 },
    outcome: { kind: "ended", from: "5", livedMs: 300_000 },
    next: { from: "5", failures: 0 },
    waitMs: 0,
  },
  {
    name: "a watch that ends at once without an event waits",
    state: watching,
    outcome: { kind: "ended", from: "5", livedMs: short },
    next: { from: "5", failures: 1 },
    waitMs: 250,
  },
  {
    name: "initial events that end early: a list instead",
    state: start,
    outcome: { kind: "ended", from: undefined, livedMs: short },
    next: { from: undefined, watchList: false },
    waitMs: 250,
  },
  {
    name: "a cut watch goes on where it was",
    state: watching,
    outcome: failed(lost, "8"),
    next: { from: "8", failures: 1 },
    waitMs: 250,
  },
  {
    name: "nobody there: longer and longer",
    state: { ...watching, failures: 3 },
    outcome: failed(lost, "5"),
    next: { from: "5", failures: 4 },
    waitMs: 2000,
  },
  {
    name: "but not without bound",
    state: { ...watching, failures: 60 },
    outcome: failed(lost, "5"),
    next: { failures: 61 },
    waitMs: limits.reconnectMsMax,
  },
  {
    name: "a long life makes failures of before forgotten",
    state: { ...watching, failures: 9 },
    outcome: failed(lost, "5", long),
    next: { failures: 1 },
    waitMs: 250,
  },
  {
    name: "history is gone: read everything anew, at once",
    state: watching,
    outcome: failed(expired, "5"),
    next: { from: undefined, paged: true, failures: 0, lostHistory: true },
    waitMs: 0,
  },
  {
    name: "410 Gone is the same",
    state: watching,
    outcome: failed(gone, "5"),
    next: { from: undefined, lostHistory: true },
    waitMs: 0,
  },
  {
    name: "also at once after a long outage",
    state: { ...watching, failures: 20 },
    outcome: failed(expired, "5"),
    next: { from: undefined, lostHistory: true },
    waitMs: 0,
  },
  {
    name: "gone again and again: with pauses",
    state: { ...watching, failures: 1, lostHistory: true },
    outcome: failed(expired, "5"),
    next: { from: undefined, failures: 2, lostHistory: true },
    waitMs: 500,
  },
  {
    name: "gone again after a watch that got on: at once",
    state: { ...watching, lostHistory: true },
    outcome: failed(expired, "8"),
    next: { from: undefined, lostHistory: true },
    waitMs: 0,
  },
  {
    name: "a continue token expires: the list in one piece",
    state: listing,
    outcome: failed(expired),
    next: { from: undefined, paged: false },
    waitMs: 0,
  },
  {
    name: "our version is of the future (a restored etcd): read everything anew",
    state: watching,
    outcome: failed(future, "5"),
    next: { from: undefined, failures: 1 },
    waitMs: 250,
  },
  ...[invalid, oldEtcd, silent].map((error) => ({
    name: `no streaming of initial events (${error.reason}): a list at once`,
    state: start,
    outcome: failed(error),
    next: { watchList: false, failures: 0 },
    waitMs: 0,
  })),
  ...[lost, forbidden].map((error) => ({
    name: `${error.reason} says nothing about streaming`,
    state: start,
    outcome: failed(error),
    next: { watchList: true, failures: 1 },
    waitMs: 250,
  })),
  {
    name: "the server asks to wait: so long at least",
    state: watching,
    outcome: failed(busy, "5"),
    next: { from: "5", failures: 1 },
    waitMs: 7000,
  },
];

// With this chance the jitter takes nothing away.
test.each(rows)("$name", ({ state, outcome, next, waitMs }) => {
  const step = afterOutcome(state, outcome, 1);
  expect(step.state).toMatchObject(next);
  expect(step.waitMs).toBe(waitMs);
});

test("jitter takes away up to half", () => {
  expect(afterOutcome(watching, failed(lost, "5"), 0).waitMs).toBe(125);
});

test.each([
  { state: start, action: { kind: "watchList" } },
  { state: listing, action: { kind: "list", paged: true } },
  { state: { ...listing, paged: false }, action: { kind: "list", paged: false } },
  { state: watching, action: { kind: "watch", from: "5" } },
])("$action.kind follows", ({ state, action }) => {
  expect(actionOf(state)).toEqual(action);
});
