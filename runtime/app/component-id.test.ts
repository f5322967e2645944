import { expect, test } from "vitest";
import { isComponentId, isStoreLabel, toComponentId } from "./component-id.ts";

test.each<[id: string, isId: boolean]>([
  ["hello", true],
  ["hello-world", true],
  ["HELLO-world2", true],
  ["a-2", true],
  ["", false],
  ["2a", false],
  ["-a", false],
  ["a-", false],
  ["a--b", false],
  ["a_b", false],
  ["Hello", false],
  ["héllo", false],
  ["a b", false],
])("isComponentId of %j is %s", (id, isId) => {
  expect(isComponentId(id)).toBe(isId);
});

test.each<[text: string, id: string]>([
  ["hello", "hello"],
  ["Hello_World.v2", "hello-world-v2"],
  ["2048", "app"],
  ["--x--", "x"],
  ["", "app"],
])("toComponentId of %j is %s", (text, id) => {
  expect(toComponentId(text)).toBe(id);
  expect(isComponentId(id)).toBe(true);
});

test.each<[label: string, isLabel: boolean]>([
  ["default", true],
  ["my-store", true],
  ["my_store", true],
  ["", false],
  ["my store", false],
  ["-a", false],
])("isStoreLabel of %j is %s", (label, isLabel) => {
  expect(isStoreLabel(label)).toBe(isLabel);
});
