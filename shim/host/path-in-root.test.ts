import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestFolder } from "../test-folder.ts";
import { pathInRoot } from "./path-in-root.ts";

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder({ "root/etc/hosts": "", "outside/secret": "" });
  const root = folder.file("root");
  mkdirSync(join(root, "a/b"), { recursive: true });
  symlinkSync("/etc", join(root, "absolute"));
  symlinkSync("../../../../outside", join(root, "a/up"));
  symlinkSync("b", join(root, "a/relative"));
  symlinkSync("loop", join(root, "loop"));
});

afterEach(() => folder[Symbol.dispose]());

test.each([
  ["/etc/hosts", "/etc/hosts"],
  ["/", "/"],
  ["/not/there/yet", "/not/there/yet"],
  ["/../../etc", "/etc"],
  ["/a/../../etc/hosts", "/etc/hosts"],
  ["/absolute/hosts", "/etc/hosts"],
  ["/a/up/secret", "/outside/secret"],
  ["/a/relative/c", "/a/b/c"],
  ["a//./b", "/a/b"],
])("%s is %s of the root", (path, expected) => {
  const root = folder.file("root");
  expect(pathInRoot(root, path)).toBe(join(root, expected));
});

test("a loop of links is refused", () => {
  expect(() => pathInRoot(folder.file("root"), "/loop")).toThrow("too many symbolic links");
});
