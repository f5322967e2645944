import { expect, test } from "vitest";
import { isShortcut, listKey } from "./list-keys.ts";

test.each([
  ["j", 5, 6],
  ["ArrowDown", 5, 6],
  ["k", 5, 4],
  ["ArrowUp", 0, 0],
  ["j", 99, 99],
  ["j", -1, 0],
  ["PageDown", 5, 25],
  ["PageDown", 95, 99],
  ["PageUp", 5, 0],
  ["Home", 50, 0],
  ["End", 50, 99],
  ["x", 5, undefined],
])("%s at row %s leads to %s", (key, active, to) => {
  expect(listKey(key, { active, count: 100, page: 20 })).toBe(to);
});

test("an empty list has no rows to go to", () => {
  expect(listKey("j", { active: -1, count: 0, page: 20 })).toBeUndefined();
});

const plain = { ctrlKey: false, metaKey: false, altKey: false, defaultPrevented: false };

function element(tagName: string, isInDialog = false): object {
  return { tagName, closest: (): object | null => (isInDialog ? {} : null) };
}

test.each([
  { name: "a plain key", event: { ...plain, target: element("BODY") }, is: true },
  { name: "a key at nothing", event: { ...plain, target: null }, is: true },
  { name: "with control", event: { ...plain, ctrlKey: true, target: null }, is: false },
  { name: "already used", event: { ...plain, defaultPrevented: true, target: null }, is: false },
  { name: "while writing", event: { ...plain, target: element("INPUT") }, is: false },
  { name: "while choosing", event: { ...plain, target: element("SELECT") }, is: false },
  { name: "in a dialog", event: { ...plain, target: element("BUTTON", true) }, is: false },
])("$name is a shortcut: $is", ({ event, is }) => {
  expect(isShortcut(event)).toBe(is);
});
