import { spawnSync } from "node:child_process";
import { constants, openSync, readFileSync, readSync, closeSync, writeSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestFolder } from "../test-folder.ts";
import { openOutputs } from "./stdio.ts";

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder({});
  spawnSync("mkfifo", [folder.file("out"), folder.file("err")]);
});

afterEach(() => folder[Symbol.dispose]());

function read(fd: number): string {
  const buffer = Buffer.alloc(100);
  return buffer.subarray(0, readSync(fd, buffer)).toString();
}

test("FIFOs are opened although nobody reads yet, and hold what is written", () => {
  using outputs = openOutputs({ stdout: folder.file("out"), stderr: folder.file("err") });
  writeSync(outputs.stdout, "to stdout");
  writeSync(outputs.stderr, "to stderr");
  const reader = openSync(folder.file("out"), constants.O_RDONLY | constants.O_NONBLOCK);
  expect(read(reader)).toBe("to stdout");
  closeSync(reader);
});

test("a terminal has one output for both", () => {
  using outputs = openOutputs({ stdout: folder.file("out"), stderr: "" });
  writeSync(outputs.stderr, "x");
  const reader = openSync(folder.file("out"), constants.O_RDONLY | constants.O_NONBLOCK);
  expect(read(reader)).toBe("x");
  closeSync(reader);
});

test("a file is written at its end", () => {
  for (const text of ["a", "b"]) {
    using outputs = openOutputs({ stdout: `file://${folder.file("log")}`, stderr: "" });
    writeSync(outputs.stdout, text);
  }
  expect(readFileSync(folder.file("log"), "utf8")).toBe("ab");
});

test("no output at all is allowed", () => {
  using outputs = openOutputs({ stdout: "", stderr: "" });
  expect(writeSync(outputs.stdout, "into nothing")).toBe(12);
});

test.each([
  ["/no/such/fifo", "cannot be opened"],
  ["binary:///usr/bin/logger?x=y", "binary:// is not supported"],
  ["npipe://x", "npipe:// is not supported"],
])("%s: %s", (stdout, message) => {
  expect(() => openOutputs({ stdout, stderr: "" })).toThrow(message);
});
