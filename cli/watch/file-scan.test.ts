import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changedFiles, scanFiles } from "./file-scan.ts";
import { watchedPattern } from "./watched-pattern.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function write(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), name);
  }
}

async function found(workdir: string, ...patterns: string[]): Promise<string[]> {
  const watched = patterns.map((pattern) => watchedPattern(join(directory, workdir), pattern));
  const { files } = await scanFiles(watched);
  return [...files.keys()].map((path) => path.slice(directory.length + 1)).toSorted();
}

describe("scanFiles finds", () => {
  test.each<[workdir: string, patterns: string[], expected: string[]]>([
    ["", ["src/**/*.ts"], ["src/a.ts", "src/deep/b.ts"]],
    ["", ["src/*.ts"], ["src/a.ts"]],
    ["", ["package.json", "src/a.ts"], ["package.json", "src/a.ts"]],
    ["src", ["../package.json"], ["package.json"]],
    ["src/deep", ["../../*.json"], ["package.json"]],
    ["", ["./src/../package.json"], ["package.json"]],
    ["", ["**/*.ts"], ["src/a.ts", "src/deep/b.ts"]],
    ["", ["node_modules/**/*.ts"], ["node_modules/x/c.ts"]],
    ["", ["absent/**/*"], []],
    ["", ["link/*.ts"], ["link/a.ts"]],
  ])("in %j by %j", async (workdir, patterns, expected) => {
    await write("package.json", "src/a.ts", "src/deep/b.ts", "node_modules/x/c.ts");
    await symlink(join(directory, "src"), join(directory, "link"));
    expect(await found(workdir, ...patterns)).toEqual(expected);
  });
});

test("scanFiles tells where changes can happen", async () => {
  await write("src/deep/b.ts");
  const patterns = [watchedPattern(directory, "src/**/*.ts"), watchedPattern(directory, "no/x/y")];
  const { directories } = await scanFiles(patterns);
  expect([...directories].toSorted()).toEqual(
    ["", "/src", "/src/deep"].map((name) => directory + name),
  );
});

test("changedFiles compares contents, not times", async () => {
  const patterns = [watchedPattern(directory, "*")];
  await write("same", "touched", "edited", "removed");
  const before = await scanFiles(patterns);
  await utimes(join(directory, "touched"), 1, 1);
  await writeFile(join(directory, "edited"), "editee");
  await rm(join(directory, "removed"));
  await write("added");
  const after = await scanFiles(patterns, before);
  const names = changedFiles(before, after).map((path) => path.slice(directory.length + 1));
  expect(names).toEqual(["added", "edited", "removed"]);
});

test("watchedPattern refuses what is no pattern", () => {
  expect(() => watchedPattern("/", "src/[a")).toThrow('"[" without "]"');
});
