import { expect, test } from "vitest";
import { type Linked, LinkedList } from "./linked-list.ts";

interface Item extends Linked<Item> {
  readonly name: string;
}

function listOf(names: string): { list: LinkedList<Item>; items: Map<string, Item> } {
  const list = new LinkedList<Item>();
  const items = new Map<string, Item>();
  for (const name of names) {
    const item: Item = { name, before: undefined, after: undefined };
    items.set(name, item);
    list.add(item);
  }
  return { list, items };
}

const namesOf = (list: LinkedList<Item>): string => [...list].map(({ name }) => name).join("");

test.each<[names: string, deleted: string, left: string]>([
  ["", "", ""],
  ["a", "", "a"],
  ["a", "a", ""],
  ["abc", "a", "bc"],
  ["abc", "b", "ac"],
  ["abc", "c", "ab"],
  ["abc", "ca", "b"],
  ["abc", "bb", "ac"],
  ["abc", "cba", ""],
  ["abcd", "bc", "ad"],
])("of %j without %j there is left %j", (names, deleted, left) => {
  const { list, items } = listOf(names);
  for (const name of deleted) {
    const item = items.get(name) as Item;
    list.delete(item);
    expect([item.before, item.after]).toEqual([undefined, undefined]);
  }
  expect(namesOf(list)).toBe(left);
  expect(list.isEmpty).toBe(left === "");
  // What was deleted may be added again, at the end.
  for (const name of new Set(deleted)) list.add(items.get(name) as Item);
  expect(namesOf(list)).toBe(left + [...new Set(deleted)].join(""));
});

test("what is at hand may be deleted, or all", () => {
  const { list } = listOf("abcd");
  for (const item of list) if (item.name !== "c") list.delete(item);
  expect(namesOf(list)).toBe("c");
  list.clear();
  expect(list.isEmpty).toBe(true);
});
