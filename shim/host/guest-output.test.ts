import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { shimLimits } from "../limits.ts";
import { TestFolder } from "../test-folder.ts";
import { type GuestOutput, guestOutput } from "./guest-output.ts";

let folder: TestFolder;
let reader: number;
let output: GuestOutput;

/** A container's log as containerd makes it: the front opens it for reading too. */
beforeEach(() => {
  folder = new TestFolder({});
  const path = folder.file("log");
  spawnSync("mkfifo", [path]);
  const { O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
  output = guestOutput(openSync(path, O_RDWR | O_NONBLOCK));
  reader = openSync(path, O_RDONLY | O_NONBLOCK);
});

afterEach(() => {
  closeSync(reader);
  folder[Symbol.dispose]();
});

/** What there is to be read now. */
function available(): string {
  const buffer = Buffer.alloc(128 * 1024);
  try {
    return buffer.toString("utf8", 0, readSync(reader, buffer));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return "";
    throw error;
  }
}

test("lines arrive", async () => {
  output.writeLine("one");
  output.writeLine("two");
  await output.end();
  expect(available()).toBe("one\ntwo\n");
});

test("a container may have a file for its log, or nothing at all", async () => {
  const path = folder.file("file");
  for (const [target, text] of [
    [path, "a\n"],
    ["/dev/null", ""],
    [path, "a\na\n"],
  ] as const) {
    const file = guestOutput(openSync(target, "a"));
    file.writeLine("a");
    await file.end();
    expect(readFileSync(target, "utf8")).toBe(text);
  }
});

test("a full pipe costs lines, never the guest; the log says how many", async () => {
  const line = "x".repeat(1023);
  const kept = shimLimits.unreadOutputBytesMax / 1024;
  const lines = 2 * kept;
  for (let index = 0; index < lines; index += 1) output.writeLine(line);
  // Read again, until there is room for the next line.
  let text = "";
  const read = (): number => (text += available()).length;
  await expect.poll(read, { interval: 5 }).toBeGreaterThan(shimLimits.unreadOutputBytesMax);
  output.writeLine("the next one");
  await expect.poll(() => (text += available()), { interval: 5 }).toContain("the next one\n");
  const [, lost = ""] =
    /whorl: (\d+) lines were lost because nobody read the log\n/.exec(text) ?? [];
  expect(text.split("\n").filter((each) => each === line)).toHaveLength(lines - Number(lost));
  expect(Number(lost)).toBeGreaterThan(0);
  await output.end();
});

test("what was lost is told at the end, if nothing was written since", async () => {
  const line = "x".repeat(1023);
  const lines = (2 * shimLimits.unreadOutputBytesMax) / 1024;
  for (let index = 0; index < lines; index += 1) output.writeLine(line);
  const ended = output.end();
  let text = "";
  await expect.poll(() => (text += available()), { interval: 5 }).toContain("lines were lost");
  await ended;
});

test("it ends although nobody reads", async () => {
  for (let index = 0; index < 200; index += 1) output.writeLine("x".repeat(1023));
  await output.end();
  expect(available()).not.toBe("");
});
