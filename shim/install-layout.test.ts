import { expect, test } from "vitest";
import {
  formatInstallList,
  installFolders,
  type InstalledFile,
  parseInstallList,
} from "./install-layout.ts";

const sha256 = "0".repeat(64);

function file(path: string, fields: Partial<InstalledFile> = {}): InstalledFile {
  return { path, mode: 0o644, bytes: 1, sha256, ...fields };
}

test("a list is read as it was written, in the order of its paths", () => {
  const [first, second] = [file("lib/a.js"), file("node", { mode: 0o755 })];
  expect(parseInstallList(formatInstallList([second, first]))).toEqual([first, second]);
});

test("folders come before what is in them", () => {
  const files = [file("a/b/c"), file("a/d"), file("e")];
  expect(installFolders(files)).toEqual(["a", "a/b"]);
});

test.each([
  ["no JSON", "{"],
  ["no list", "{}"],
  ["no file", "[1]"],
  ["a path out of the tree", JSON.stringify([file("../etc/passwd")])],
  ["an absolute path", JSON.stringify([file("/etc/passwd")])],
  ["an empty part", JSON.stringify([file("lib//a")])],
  ["a set-user-id file", JSON.stringify([file("node", { mode: 0o4755 })])],
  ["a size that is none", JSON.stringify([file("node", { bytes: 0.5 })])],
  ["a digest that is none", JSON.stringify([file("node", { sha256: "" })])],
])("%s is refused", (_name, text) => {
  expect(() => parseInstallList(text)).toThrow("the list of files");
});
