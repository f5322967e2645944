import { expect, test } from "vitest";
import { UntouchedConnections } from "./untouched-connections.ts";

const always = (): boolean => true;
const nothing = { slots: [], stuck: new Set() };

/** Workers are strings; how much they have worked is in the map, and unknown of others. */
function untouchedOf(spent: Map<string, number>): UntouchedConnections<string> {
  return new UntouchedConnections({ afterMs: 20, spentMs: (worker) => spent.get(worker) });
}

test("a worker that works for itself is stuck when a connection has waited long enough", () => {
  const spent = new Map([["a", 100]]);
  const untouched = untouchedOf(spent);
  untouched.add(1, "a", 0);
  expect(untouched.overdue(5, always)).toEqual(nothing);
  expect(untouched.overdue(10, always)).toEqual(nothing);
  spent.set("a", 110);
  expect(untouched.overdue(20, always)).toEqual({ slots: [1], stuck: new Set(["a"]) });
  expect(untouched.overdue(30, always)).toEqual(nothing);
  expect(untouched.size).toBe(0);
});

test("a worker that waits for a processor is not, unless it does so for very long", () => {
  const spent = new Map([["a", 100]]);
  const untouched = untouchedOf(spent);
  untouched.add(1, "a", 0);
  for (let nowMs = 10; nowMs < 200; nowMs += 10) {
    spent.set("a", 100 + nowMs / 10);
    expect(untouched.overdue(nowMs, always)).toEqual(nothing);
  }
  expect(untouched.overdue(200, always)).toEqual({ slots: [1], stuck: new Set(["a"]) });
});

test("one that begins to work for itself later is stuck from then on", () => {
  const spent = new Map([["a", 0]]);
  const untouched = untouchedOf(spent);
  untouched.add(1, "a", 0);
  for (const nowMs of [10, 20, 30]) expect(untouched.overdue(nowMs, always)).toEqual(nothing);
  spent.set("a", 9);
  expect(untouched.overdue(40, always).slots).toEqual([1]);
});

test("where nobody knows what workers do, waiting is enough", () => {
  const untouched = untouchedOf(new Map());
  untouched.add(1, "a", 0);
  untouched.add(2, "b", 15);
  expect(untouched.overdue(19, always)).toEqual(nothing);
  expect(untouched.overdue(30, always)).toEqual({ slots: [1], stuck: new Set(["a"]) });
  expect(untouched.overdue(40, always)).toEqual({ slots: [2], stuck: new Set(["b"]) });
});

test("what was taken meanwhile is forgotten, and nobody's fault", () => {
  const untouched = untouchedOf(new Map());
  untouched.add(1, "a", 0);
  untouched.add(2, "b", 0);
  const found = untouched.overdue(30, (slot) => slot === 2);
  expect(found).toEqual({ slots: [2], stuck: new Set(["b"]) });
  untouched.add(3, "a", 30);
  untouched.overdue(31, () => false);
  expect(untouched.size).toBe(0);
});
