import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { TestFolder } from "../test-folder.ts";
import { lockFile } from "./file-lock.ts";

test("one at a time, in whatever process, until it is given back", () => {
  using folder = new TestFolder({});
  const path = folder.file("lock");
  const isFree = (): boolean => spawnSync("flock", ["-n", path, "true"]).status === 0;
  expect(isFree()).toBe(true);
  const lock = lockFile(path);
  expect(lock).toBeDefined();
  expect(lockFile(path)).toBeUndefined();
  expect(isFree()).toBe(false);
  lock?.[Symbol.dispose]();
  expect(isFree()).toBe(true);
});
