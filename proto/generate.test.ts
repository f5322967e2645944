import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generate, sourcesLine } from "./generate.ts";

function generated(name: string): string {
  return readFileSync(new URL(`gen/${name}`, import.meta.url), "utf8");
}

test("the generated code is what the sources give", () => {
  expect(generated("wire.js")).toBe(generate(false).code);
});

test("the generated types are of these sources", () => {
  expect(generated("wire.d.ts").startsWith(sourcesLine())).toBe(true);
});
