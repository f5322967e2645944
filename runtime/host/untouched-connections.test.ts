import { expect, test } from "vitest";
import { UntouchedConnections } from "./untouched-connections.ts";

const always = (): boolean => true;

test("a worker is stuck when a connection has waited long enough", () => {
  const untouched = new UntouchedConnections<string>(25);
  untouched.add(1, "a", 0);
  untouched.add(2, "b", 20);
  expect(untouched.overdue(24, always)).toEqual({ slots: [], stuck: new Set() });
  expect(untouched.overdue(25, always)).toEqual({ slots: [1], stuck: new Set(["a"]) });
  expect(untouched.overdue(25, always).slots).toEqual([]);
  expect(untouched.overdue(45, always)).toEqual({ slots: [2], stuck: new Set(["b"]) });
  expect(untouched.size).toBe(0);
});

test("what was taken meanwhile is forgotten, and nobody's fault", () => {
  const untouched = new UntouchedConnections<string>(25);
  untouched.add(1, "a", 0);
  untouched.add(2, "b", 0);
  const found = untouched.overdue(30, (slot) => slot === 2);
  expect(found).toEqual({ slots: [2], stuck: new Set(["b"]) });
  untouched.add(3, "a", 30);
  untouched.overdue(31, () => false);
  expect(untouched.size).toBe(0);
});
