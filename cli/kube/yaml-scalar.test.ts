import { expect, test } from "vitest";
import { parse } from "yaml";
import { yamlQuantity, yamlScalar } from "./yaml-scalar.ts";

test.each([
  "yee",
  "example-app-autoscaler",
  "100m",
  "128Mi",
  "https://a.example/b?c=d",
  "hello world",
  "v1.2",
])("yamlScalar leaves %s as it is", (text) => {
  expect(yamlScalar(text)).toBe(text);
});

test.each([
  "",
  " a",
  "a ",
  "true",
  "No",
  "y",
  "null",
  "~",
  "1",
  "-1.5",
  "1e3",
  "0x1F",
  "0o17",
  "017",
  "1_000",
  "1,2",
  "12:30:45",
  "2026-01-02",
  ".5",
  ".inf",
  "a: b",
  "a #b",
  "- a",
  "{a}",
  "[a",
  "*a",
  "&a",
  "!a",
  "%a",
  "@a",
  "`a",
  "'a",
  '"a',
  "| a",
  "<<",
  "=",
  "a\nb",
  "a\tb",
  "\u2028",
  "\u0085",
  "grün",
])("yamlScalar quotes %j, and it stays that text", (text) => {
  const written = yamlScalar(text);
  expect(written).toMatch(/^".*"$/);
  expect(parse(`a: ${written}`, { version: "1.1" })).toEqual({ a: text });
  expect(parse(`a: ${written}`, { version: "1.2" })).toEqual({ a: text });
});

test.each([
  ["1", "1"],
  ["0.5", "0.5"],
  ["100m", "100m"],
  ["1: 2", '"1: 2"'],
])("yamlQuantity of %s", (text, expected) => {
  expect(yamlQuantity(text)).toBe(expected);
});
