import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isOverlapping, parseDependencyName } from "./dependency-name.ts";

describe("parseDependencyName", () => {
  test.each([
    ["log", { kind: "plain", name: "log" }],
    ["a:b", { kind: "package", package: "a:b", interface: undefined, version: undefined }],
    ["a:b/c", { kind: "package", package: "a:b", interface: "c", version: undefined }],
    ["a:b@1.2.3", { kind: "package", package: "a:b", interface: undefined, version: "1.2.3" }],
    [
      "a:b/c-d@0.1.0-rc.1",
      { kind: "package", package: "a:b", interface: "c-d", version: "0.1.0-rc.1" },
    ],
  ])("%s", (text, expected) => {
    expect(parseDependencyName(text)).toEqual(expected);
  });

  test.each([
    "",
    "Log_1",
    "a:",
    ":b",
    "a:b/",
    "a:b/c/d",
    "a:b@1",
    "a:b@",
    "a/b",
    "a:b/c@1.0",
    "A:b",
  ])("%j is none", (text) => {
    expect(parseDependencyName(text)).toBeUndefined();
  });
});

function overlaps(a: string, b: string): boolean {
  const [first, second] = [parseDependencyName(a), parseDependencyName(b)];
  if (first === undefined || second === undefined) throw new Error("not parsed");
  return isOverlapping(first, second);
}

describe("isOverlapping", () => {
  test.each([
    ["a:b", "a:b/c", true],
    ["a:b", "a:b@1.0.0", true],
    ["a:b@1.0.0", "a:b@1.2.0", true],
    ["a:b@1.0.0", "a:b@2.0.0", false],
    ["a:b@0.1.0", "a:b@0.2.0", false],
    ["a:b@0.0.1", "a:b@0.0.2", false],
    ["a:b@0.2.0-rc.1", "a:b@0.2.0", false],
    ["a:b/c", "a:b/d", false],
    ["a:b/c@1.0.0", "a:b/d@1.0.0", false],
    ["a:b/c@1.0.0", "a:b/c@1.1.0", true],
    ["a:b", "a:c", false],
    ["a", "b", false],
    ["a", "a:b", false],
  ])("%s and %s: %s", (a, b, expected) => {
    expect(overlaps(a, b)).toBe(expected);
    expect(overlaps(b, a)).toBe(expected);
  });

  test("holds for every name and itself", () => {
    const word = fc.constantFrom("a", "b-c", "d1");
    const suffix = fc.constantFrom("", "@1.0.0", "@0.1.0", "@0.2.0-draft2");
    const inner = fc.option(word, { nil: undefined });
    fc.assert(
      fc.property(word, word, inner, suffix, (namespace, name, each, version) => {
        const text = `${namespace}:${name}${each === undefined ? "" : `/${each}`}${version}`;
        expect(overlaps(text, text)).toBe(true);
      }),
    );
  });
});
