import { expect, test } from "vitest";
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

test("lineStream keeps characters together that come in two chunks", async () => {
  const found: string[] = [];
  const stream = lineStream((line) => found.push(line));
  const bytes = Buffer.from("grün\n");
  stream.write(bytes.subarray(0, 3));
  stream.write(bytes.subarray(3));
  await new Promise<void>((resolve) => stream.end(resolve));
  expect(found).toEqual(["grün"]);
});
