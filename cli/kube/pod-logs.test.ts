import { expect, test } from "vitest";
import { limits } from "../../runtime/limits.ts";
import { lineStream } from "./pod-logs.ts";

test.each<[chunks: string[], lines: string[]]>([
  [["a\nb\n"], ["a", "b"]],
  [
    ["a", "b\nc"],
    ["ab", "c"],
  ],
  [["\n\n"], ["", ""]],
  [[], []],
])("lineStream cuts %j", async (chunks, lines) => {
  const found: string[] = [];
  const stream = lineStream((line) => found.push(line));
  for (const chunk of chunks) stream.write(chunk);
  await new Promise<void>((resolve) => stream.end(resolve));
  expect(found).toEqual(lines);
});

test("lineStream does not wait for ever for the end of a line", async () => {
  const found: number[] = [];
  const stream = lineStream((line) => found.push(line.length));
  const chunk = Buffer.alloc(limits.podLogLineCharsMax / 2 + 1, "a");
  for (let count = 0; count < 3; count++) stream.write(chunk);
  await new Promise<void>((resolve) => stream.end(resolve));
  expect(found).toEqual([2 * chunk.length, chunk.length]);
});

test("lineStream shows that the last character was cut", async () => {
  const found: string[] = [];
  const stream = lineStream((line) => found.push(line));
  stream.write(Buffer.from("gr\u00fc").subarray(0, 3));
  await new Promise<void>((resolve) => stream.end(resolve));
  expect(found).toEqual(["gr\ufffd"]);
});

test("lineStream keeps characters together that come in two chunks", async () => {
  const found: string[] = [];
  const stream = lineStream((line) => found.push(line));
  const bytes = Buffer.from("grün\n");
  stream.write(bytes.subarray(0, 3));
  stream.write(bytes.subarray(3));
  await new Promise<void>((resolve) => stream.end(resolve));
  expect(found).toEqual(["grün"]);
});
