import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { limits } from "../limits.ts";
import { prepareMounts } from "./prepare-mounts.ts";

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
  await mkdir(join(directory, "mounts"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function makeTempDirectory(): Promise<string> {
  return mkdtemp(join(directory, "mounts", "m-"));
}

test("prepareMounts makes no directory for no files", async () => {
  await using mounts = await prepareMounts({ id: "a", files: [] }, makeTempDirectory);
  expect(mounts.preopens).toEqual([]);
  expect(await readdir(join(directory, "mounts"))).toEqual([]);
});

test("prepareMounts copies all files and removes them when disposed", async () => {
  const names = Array.from({ length: limits.fileCopiesMax * 2 + 1 }, (_, index) => `f${index}`);
  for (const name of names) await writeFile(join(directory, name), name);
  const files = names.map((name) => ({
    hostPath: join(directory, name),
    guestPath: `deep/er/${name}`,
  }));
  {
    await using mounts = await prepareMounts({ id: "a", files }, makeTempDirectory);
    const [preopen] = mounts.preopens;
    expect(mounts.preopens).toEqual([
      { hostPath: expect.any(String), guestPath: "/", writable: false },
    ]);
    const root = preopen?.hostPath ?? "";
    for (const name of names) {
      expect(await readFile(join(root, "deep/er", name), "utf8")).toBe(name);
    }
    await writeFile(join(directory, "f0"), "changed");
    expect(await readFile(join(root, "deep/er/f0"), "utf8")).toBe("f0");
  }
  expect(await readdir(join(directory, "mounts"))).toEqual([]);
});

test("prepareMounts leaves nothing behind when a file is gone", async () => {
  const files = [{ hostPath: join(directory, "gone"), guestPath: "x" }];
  await expect(prepareMounts({ id: "a", files }, makeTempDirectory)).rejects.toMatchObject({
    code: "file",
    message: expect.stringContaining('files of component "a"'),
  });
  expect(await readdir(join(directory, "mounts"))).toEqual([]);
});
