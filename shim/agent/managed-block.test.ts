import fc from "fast-check";
import { expect, test } from "vitest";
import { ShimError } from "../error.ts";
import { blockOf, withBlock, withoutBlock } from "./managed-block.ts";

const content = "[a]\n  b = 1\n";

test.each([
  ["nothing", ""],
  ["a line", "version = 2\n"],
  ["a last line that is open", "version = 2"],
  ["comments and empty lines", "# mine\n\n[x]\n\n\n# end\n"],
])("a block goes in and out of %s without a trace", (_name, text) => {
  const extended = withBlock(text, content);
  expect(extended.startsWith(text)).toBe(true);
  expect(blockOf(extended)).toBe(content);
  expect(withoutBlock(extended)).toBe(text);
  expect(withBlock(extended, content)).toBe(extended);
});

test("whatever a file holds, it is the same afterwards", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, later) => {
      const extended = withBlock(text, content);
      expect(withoutBlock(extended)).toBe(text);
      const changed = withBlock(extended, "[other]\n");
      expect(withoutBlock(changed)).toBe(text);
      const continued = `${extended}${later}`;
      expect(withoutBlock(withBlock(continued, "[other]\n"))).toBe(withoutBlock(continued));
    }),
  );
});

test("a block is replaced where it stands", () => {
  const text = `${withBlock("a = 1\n", content)}[later]\n`;
  const replaced = withBlock(text, "[c]\n");
  expect(blockOf(replaced)).toBe("[c]\n");
  expect(replaced.endsWith("[later]\n")).toBe(true);
  expect(withoutBlock(replaced)).toBe("a = 1\n[later]\n");
});

test.each([
  ["its first comment", 0],
  ["its last comment", -1],
])("a block without %s is left alone", (_name, at) => {
  const lines = withBlock("", content).trimEnd().split("\n");
  lines.splice(at, 1);
  const text = lines.join("\n");
  expect(() => withBlock(text, content)).toThrow(ShimError);
  expect(() => withoutBlock(text)).toThrow("remove them");
});

test("two blocks are left alone", () => {
  const text = withBlock("", content);
  expect(() => withoutBlock(text + text)).toThrow(ShimError);
});
