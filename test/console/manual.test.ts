import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const here = fileURLToPath(new URL(".", import.meta.url));
const docs = fileURLToPath(new URL("../../docs/", import.meta.url));
const manual = readFileSync(`${docs}console.md`, "utf8");
const shown = [...manual.matchAll(/!\[[^\]]+\]\(images\/([\w-]+)\.png\)/g)].map(([, name]) => name);

test("each picture of the manual is there, small, and taken by a test", () => {
  const tests = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
  const source = tests.map((name) => readFileSync(`${here}${name}`, "utf8")).join("");
  expect(shown).not.toEqual([]);
  for (const name of shown) {
    expect(existsSync(`${docs}images/${name}.png`), name).toBe(true);
    expect(statSync(`${docs}images/${name}.png`).size, name).toBeLessThan(150_000);
    expect(source).toContain(`picture("${name}")`);
  }
});

test("the manual shows every picture that there is", () => {
  const there = readdirSync(`${docs}images`).filter((name) => name.startsWith("console-"));
  expect(there.toSorted()).toEqual(shown.map((name) => `${name}.png`).toSorted());
});
