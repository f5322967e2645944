import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestFolder } from "../test-folder.ts";
import { applyEdits, backUp, pruneBackups, restore } from "./change-configuration.ts";
import { NodeFiles } from "./node-files.ts";

let folder: TestFolder;
let files: NodeFiles;
const edits = [
  { path: "/etc/a.toml", before: "old a", after: "new a" },
  { path: "/etc/new/b.toml", before: undefined, after: "new b" },
  { path: "/etc/c.toml", before: "old c", after: undefined },
];

beforeEach(() => {
  folder = new TestFolder({ "etc/a.toml": "old a", "etc/c.toml": "old c" });
  files = new NodeFiles(folder.path);
});

afterEach(() => folder[Symbol.dispose]());

test("what was changed can be put back, also the second time", () => {
  const backups = backUp(edits, "/backup", files);
  applyEdits(edits, files);
  expect(readFileSync(folder.file("etc/a.toml"), "utf8")).toBe("new a");
  expect(readFileSync(folder.file("etc/new/b.toml"), "utf8")).toBe("new b");
  expect(existsSync(folder.file("etc/c.toml"))).toBe(false);
  for (const _ of [1, 2]) {
    expect(restore(backups, files)).toEqual([]);
    expect(readFileSync(folder.file("etc/a.toml"), "utf8")).toBe("old a");
    expect(existsSync(folder.file("etc/new/b.toml"))).toBe(false);
    expect(readFileSync(folder.file("etc/c.toml"), "utf8")).toBe("old c");
  }
  expect(statSync(folder.file("backup/a.toml." + hashOf("a"))).mode & 0o777).toBe(0o600);
});

function hashOf(name: string): string {
  const found = readdirSync(folder.file("backup")).find((each) => each.startsWith(`${name}.toml.`));
  return found?.split(".").at(-1) ?? "";
}

test("what somebody else has written meanwhile stays, and is named", () => {
  const backups = backUp(edits, "/backup", files);
  applyEdits(edits, files);
  writeFileSync(folder.file("etc/a.toml"), "of somebody else");
  expect(restore(backups, files)).toEqual(["/etc/a.toml"]);
  expect(readFileSync(folder.file("etc/a.toml"), "utf8")).toBe("of somebody else");
  expect(readFileSync(folder.file("etc/c.toml"), "utf8")).toBe("old c");
});

test("half done, as an agent that was killed leaves it", () => {
  const backups = backUp(edits, "/backup", files);
  applyEdits(edits.slice(0, 1), files);
  expect(restore(backups, files)).toEqual([]);
  expect(readFileSync(folder.file("etc/a.toml"), "utf8")).toBe("old a");
});

test("no more backups than allowed", () => {
  for (let index = 0; index < 5; index += 1) {
    backUp([{ path: "/etc/a.toml", before: `old ${index}`, after: "x" }], "/backup", files);
  }
  pruneBackups("/backup", 2, files);
  expect(readdirSync(folder.file("backup"))).toHaveLength(2);
  pruneBackups("/nowhere", 2, files);
});
