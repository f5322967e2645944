import { closeSync, openSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { frontKernel } from "../front/front-kernel.ts";
import { TestFolder } from "../test-folder.ts";
import { DescriptorChannel } from "./descriptor-channel.ts";
import { linuxKernel } from "./kernel.ts";

const front = frontKernel();
let folder: TestFolder;
let ends: readonly [number, number];
let channel: DescriptorChannel;

beforeEach(() => {
  folder = new TestFolder({ "a.txt": "a", "b.txt": "b", "c.txt": "c" });
  ends = front.channel();
  channel = new DescriptorChannel(linuxKernel(), ends[1]);
});

afterEach(() => {
  ends.forEach((fd) => closeSync(fd));
  folder[Symbol.dispose]();
});

function pass(message: string, ...files: readonly string[]): void {
  const fds = files.map((file) => openSync(folder.file(file), "r"));
  front.sendDescriptors(ends[0], message, fds);
  for (const fd of fds) closeSync(fd);
}

function textsOf(message: string): string[] {
  return channel.take(message).map((fd) => {
    const text = readFileSync(fd, "utf8");
    closeSync(fd);
    return text;
  });
}

test("what is taken is what was passed, in any order of messages", () => {
  pass("1", "a.txt", "b.txt");
  pass("2");
  pass("3", "c.txt");
  expect(textsOf("3")).toEqual(["c"]);
  expect(textsOf("1")).toEqual(["a", "b"]);
  expect(textsOf("2")).toEqual([]);
});

test("a message that was not sent, or is taken twice", () => {
  pass("1", "a.txt");
  channel.drop("1");
  expect(() => channel.take("1")).toThrow("did not arrive");
  expect(() => channel.take("2")).toThrow("did not arrive");
});

test("who does not read makes sending fail, not wait", () => {
  expect(() => {
    for (let count = 0; count < 10_000; count += 1) pass("x", "a.txt");
  }).toThrow("passing descriptors");
});
