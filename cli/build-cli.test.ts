import { expect, test } from "vitest";
import { withUnreadBuiltins } from "./build-cli.ts";

const get = "globalThis.process.getBuiltinModule";

test.each([
  ["names", 'import { a, b as c } from "node:fs";', `const { a, b: c } = ${get}("node:fs");`],
  [
    "lines",
    'import {\n  a,\n  b as c\n} from "node:fs";',
    `const {\n  a,\n  b: c\n} = ${get}("node:fs");`,
  ],
  ["the whole", 'import process from "node:process";', `const process = ${get}("node:process");`],
  ["a namespace", 'import * as fs from "node:fs";', `const fs = ${get}("node:fs");`],
])("withUnreadBuiltins: %s", (_name, code, expected) => {
  expect(withUnreadBuiltins(`${code}\nrest();`)).toBe(`${expected}\nrest();`);
});

test.each([
  'import "node:fs";',
  'import { default as fs } from "node:fs";',
  'import { a } from "undici";',
  '  import { a } from "node:fs";',
  'export { a } from "node:fs";',
  "const text = \"import { a } from 'node:fs'\";",
])("withUnreadBuiltins leaves %s", (code) => {
  expect(withUnreadBuiltins(code)).toBe(code);
});
