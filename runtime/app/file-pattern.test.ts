import { describe, expect, test } from "vitest";
import { compileFilePattern, hasWildcard } from "./file-pattern.ts";

describe("compileFilePattern", () => {
  test.each<[pattern: string, path: string, isMatch: boolean]>([
    ["a.txt", "a.txt", true],
    ["./a.txt", "a.txt", true],
    ["a.txt", "axtxt", false],
    ["*", "a.txt", true],
    ["*", ".hidden", true],
    ["*", "a/b", false],
    ["*.txt", "a.txt", true],
    ["*.txt", ".txt", true],
    ["*.txt", "a.txt.bak", false],
    ["assets/*", "assets/a", true],
    ["assets/*", "assets/a/b", false],
    ["assets/*/b", "assets/a/b", true],
    ["assets/**/*", "assets/a", true],
    ["assets/**/*", "assets/a/b/c", true],
    ["assets/**/*", "other/a", false],
    ["assets/**", "assets/a/b", true],
    ["**/*.js", "x.js", true],
    ["**/*.js", "a/b/x.js", true],
    ["**/*.js", "a/b/x.ts", false],
    ["a/**/b/**/c", "a/b/c", true],
    ["a/**/b/**/c", "a/x/b/y/z/c", true],
    ["a/**/b/**/c", "a/x/c", false],
    ["a/**/b", "a/xb", false],
    ["?.txt", "a.txt", true],
    ["?.txt", "ab.txt", false],
    ["a?b", "a/b", false],
    ["[abc]", "b", true],
    ["[a-c]", "d", false],
    ["[!a-c]", "d", true],
    ["[!a-c]", "a", false],
    ["[]]", "]", true],
    ["[a-]", "-", true],
    ["{a,b}", "a", false],
    ["{a,b}", "{a,b}", true],
  ])("%s on %s: %s", (pattern, path, isMatch) => {
    expect(compileFilePattern(pattern).matches(path)).toBe(isMatch);
  });

  test.each<[pattern: string, path: string, isMatch: boolean]>([
    ["*.md", "docs/a/x.md", true],
    ["docs/*", "docs/a/b", true],
    ["**/secret/*", "secret/a/b", true],
    ["docs/*", "other/docs/a", false],
  ])("crossing segments, %s on %s: %s", (pattern, path, isMatch) => {
    expect(compileFilePattern(pattern, true).matches(path)).toBe(isMatch);
  });

  test.each<[pattern: string, base: string, depthMax: number]>([
    ["*", "", 1],
    ["assets/*.js", "assets", 1],
    ["a/b/*/c/d", "a/b", 3],
    ["a/**/*", "a", Infinity],
    ["a/b", "a", 1],
  ])("%s starts at %j and is %s deep", (pattern, base, depthMax) => {
    expect(compileFilePattern(pattern)).toMatchObject({ base, depthMax });
  });

  test.each(["a**", "**.js", "a/b**/c", "[abc", "[]", "[!]"])("refuses %s", (pattern) => {
    expect(() => compileFilePattern(pattern)).toThrow(
      expect.objectContaining({ code: "manifest" }),
    );
  });

  test("decides about a hostile pattern without trying all ways", () => {
    const pattern = compileFilePattern(`${"*a".repeat(200)}b`);
    expect(pattern.matches("a".repeat(2000))).toBe(false);
  });
});

test.each<[path: string, isPattern: boolean]>([
  ["a/b.txt", false],
  ["a/*", true],
  ["a?", true],
  ["[a]", true],
])("hasWildcard of %s is %s", (path, isPattern) => {
  expect(hasWildcard(path)).toBe(isPattern);
});
