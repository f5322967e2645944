import { expect, test } from "vitest";
import { addListed, addPairs, parseWhole } from "./flag-values.ts";

test.each([
  ["a", ["a"]],
  ["a,b", ["a", "b"]],
  ['"a,b",c', ["a,b", "c"]],
  ['"a""b"', ['a"b']],
])("addListed of %s", (text, expected) => {
  expect(addListed(text, ["before"])).toEqual(["before", ...expected]);
});

test.each([
  ["a=1", { a: "1" }],
  ["a=", { a: "" }],
  ["a=1,b=2", { a: "1", b: "2" }],
  ["a=1,2", { a: "1,2" }],
  ["a=x=y", { a: "x=y" }],
])("addPairs of %s", (text, expected) => {
  expect(Object.fromEntries(addPairs(text))).toEqual(expected);
});

test.each(["a", "=1", "a=1,b"])("addPairs refuses %s or keeps it whole", (text) => {
  const given = (): object => Object.fromEntries(addPairs(text));
  if (text === "a=1,b") expect(given()).toEqual({ a: "1,b" });
  else expect(given).toThrow("NAME=VALUE");
});

test.each(["", "a", "1.5", "1e3", "99999999999"])("parseWhole refuses %j", (text) => {
  expect(() => parseWhole(text)).toThrow("whole number");
});

test("parseWhole takes numbers below zero, whose meaning is checked later", () => {
  expect([parseWhole("-1"), parseWhole("0"), parseWhole("12")]).toEqual([-1, 0, 12]);
});
