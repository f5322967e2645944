import { expect, test } from "vitest";
import { limits } from "../limits.ts";
import { FileTree } from "./file-tree.ts";

type Step = readonly ["set" | "remove", string];

test.each<{ what: string; steps: readonly Step[]; paths: readonly string[] }>([
  {
    what: "files",
    steps: [
      ["set", "a"],
      ["set", "b/c"],
    ],
    paths: ["a", "b/c"],
  },
  {
    what: "a file twice",
    steps: [
      ["set", "a"],
      ["set", "a"],
    ],
    paths: ["a"],
  },
  {
    what: "a file in the place of a directory",
    steps: [
      ["set", "a/b/c"],
      ["set", "a/d"],
      ["set", "a"],
    ],
    paths: ["a"],
  },
  {
    what: "a directory in the place of a file",
    steps: [
      ["set", "a"],
      ["set", "a/b/c"],
    ],
    paths: ["a/b/c"],
  },
  {
    what: "a file less",
    steps: [
      ["set", "a/b"],
      ["set", "a/c"],
      ["remove", "a/b"],
    ],
    paths: ["a/c"],
  },
  {
    what: "a directory less, but not one that begins like it",
    steps: [
      ["set", "a/b/c"],
      ["set", "a/bc"],
      ["remove", "a/b"],
    ],
    paths: ["a/bc"],
  },
  {
    what: "nothing at all",
    steps: [
      ["set", "a"],
      ["set", "b/c"],
      ["remove", ""],
    ],
    paths: [],
  },
  {
    what: "what is not there",
    steps: [
      ["set", "a"],
      ["remove", "a/b"],
      ["remove", "x/y"],
    ],
    paths: ["a"],
  },
  {
    what: "names of Object",
    steps: [["set", "__proto__/constructor"]],
    paths: ["__proto__/constructor"],
  },
])("$what", ({ steps, paths }) => {
  const tree = new FileTree<object>();
  for (const [verb, path] of steps) {
    if (verb === "set") tree.set(path, { path });
    else tree.remove(path);
  }
  expect([...tree.files()]).toEqual(paths.map((path) => [path, { path }]));
  for (const path of paths) expect(tree.get(path)).toEqual({ path });
});

test("a directory is no file", () => {
  const tree = new FileTree<object>();
  tree.set("a/b", {});
  expect([tree.get("a"), tree.get("a/b/c"), tree.get("x")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("paths that are all directories end at the bound", () => {
  const tree = new FileTree<object>();
  const deep = "a/".repeat(limits.pathBytesMax / 2 - 10);
  expect(() => {
    for (let index = 0; ; index++) tree.set(`${index}/${deep}x`, {});
  }).toThrow(/more than 100000 directories/);
});
