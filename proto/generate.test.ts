import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generate, modules, sourcesLine } from "./generate.ts";

function generated(name: string): string {
  return readFileSync(new URL(`gen/${name}`, import.meta.url), "utf8");
}

test.each(modules)("the generated code of %s is what the sources give", (module) => {
  expect(generated(`${module}.js`)).toBe(generate(module, false).code);
});

test.each(modules)("the generated types of %s are of these sources", (module) => {
  expect(generated(`${module}.d.ts`).startsWith(sourcesLine(module))).toBe(true);
});
