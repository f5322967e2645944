import { expect, test } from "vitest";
import { AppRequests } from "./app-requests.ts";

/** Requests that note in which order they began. */
function opened(bounds: { activeMax: number; waitingMax: number }): {
  readonly requests: AppRequests;
  readonly begun: string[];
  readonly enter: (name: string) => boolean;
} {
  const requests = new AppRequests(bounds);
  const begun: string[] = [];
  const enter = (name: string): boolean => requests.enter(() => void begun.push(name));
  return { requests, begun, enter };
}

test("all wait until the app can answer, then begin in order", () => {
  const { requests, begun, enter } = opened({ activeMax: 2, waitingMax: 3 });
  expect(["a", "b", "c"].map((name) => enter(name))).toEqual([true, true, true]);
  expect(begun).toEqual([]);
  requests.open();
  expect(begun).toEqual(["a", "b"]);
  expect([requests.active, requests.waiting]).toEqual([2, 1]);
  requests.leave();
  expect(begun).toEqual(["a", "b", "c"]);
});

test("what would be one too many is refused and never begins", () => {
  const { requests, begun, enter } = opened({ activeMax: 1, waitingMax: 1 });
  requests.open();
  expect(["a", "b", "c"].map((name) => enter(name))).toEqual([true, true, false]);
  requests.leave();
  requests.leave();
  expect(begun).toEqual(["a", "b"]);
  expect(enter("d")).toBe(true);
});

test("while it is closed those that wait stay", () => {
  const { requests, begun, enter } = opened({ activeMax: 1, waitingMax: 4 });
  requests.open();
  enter("a");
  enter("b");
  requests.close();
  requests.leave();
  enter("c");
  expect(begun).toEqual(["a"]);
  requests.open();
  requests.leave();
  expect(begun).toEqual(["a", "b", "c"]);
});

test("those that wait can be sent away, once", () => {
  const { requests, enter } = opened({ activeMax: 1, waitingMax: 4 });
  enter("a");
  enter("b");
  expect(requests.takeWaiting()).toHaveLength(2);
  expect(requests.takeWaiting()).toHaveLength(0);
  requests.open();
  expect(requests.active).toBe(0);
});
