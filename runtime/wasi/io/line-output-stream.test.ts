import { expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { lineOutputStream } from "./line-output-stream.ts";

function linesOf(writes: readonly (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const output = lineOutputStream("> ", (line) => lines.push(line));
  for (const bytes of writes) output.write(Buffer.from(bytes));
  output.dispose();
  return lines;
}

test.each([
  ["nothing", [], []],
  ["empty writes", ["", ""], []],
  ["one line", ["hello\n"], ["> hello"]],
  ["a line in parts", ["he", "llo", "\nwor", "ld\n"], ["> hello", "> world"]],
  ["a line that was not ended", ["hello\nworld"], ["> hello", "> world"]],
  ["empty lines", ["\n\na\n"], ["> ", "> ", "> a"]],
  ["a character in two writes", [[0xc3], [0xa4, 0x0a]], ["> ä"]],
  ["bytes that are not UTF-8", [[0xff, 0x0a]], ["> \ufffd"]],
] as [string, (string | Uint8Array)[], string[]][])("%s", (_name, writes, expected) => {
  expect(linesOf(writes)).toEqual(expected);
});

const max = limits.guestLineBytesMax;

test.each([
  ["as long as allowed", ["x".repeat(max), "\n"], [max, 0]],
  ["too long in one write", [`${"x".repeat(max * 2 + 5)}\n`], [max, max, 5]],
  [
    "too long in many writes",
    Array.from({ length: 3 }, () => "x".repeat(max - 1)),
    [max, max, max - 3],
  ],
] as [string, string[], number[]][])("a line %s comes in parts", (_name, writes, lengths) => {
  expect(linesOf(writes).map((line) => line.length - 2)).toEqual(lengths);
});

test("a long line is cut between characters", () => {
  const lines = linesOf([`${"x".repeat(max - 1)}äöü\n`]);
  expect(lines).toEqual([`> ${"x".repeat(max - 1)}`, "> äöü"]);
});

test("a line is handed over when it ends, not when the stream does", () => {
  const lines: string[] = [];
  const output = lineOutputStream("", (line) => lines.push(line));
  output.write(Buffer.from("now\nlater"));
  expect(lines).toEqual(["now"]);
});
