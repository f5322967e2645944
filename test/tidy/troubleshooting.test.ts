/** docs/troubleshooting.md quotes what programs really say, and what a test has seen them say. */
import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { provokedTroubles } from "./provoked-troubles.ts";

const root = new URL("../../", import.meta.url);

function read(file: string): string {
  return readFileSync(new URL(file, root), "utf8");
}

/** Everything in backticks in the first column of the page's tables, once each. */
function quotedSymptoms(page: string): readonly string[] {
  const cells = page.split("\n").flatMap((line) => /^\| (.*?) \|/u.exec(line)?.[1] ?? []);
  const quotes = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/gu)].map(([, text]) => text));
  return [...new Set(quotes.filter((text) => text !== undefined))];
}

/** A source in which texts that are put together of several lines read as one. */
function joined(text: string): string {
  return text.replaceAll(/["`]\s*\+\s*["`]/gu, "").replaceAll("\\", "");
}

const sources = ["operator", "shim", "deploy/chart"].flatMap((folder) =>
  readdirSync(new URL(folder, root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|yaml|tpl|txt)$/u.test(entry.name))
    .filter(({ name }) => !name.endsWith(".test.ts"))
    .map(({ parentPath, name }) => joined(readFileSync(`${parentPath}/${name}`, "utf8"))),
);

/** Whether one source has all parts of a message, one after the other. */
function isSaid(message: string): boolean {
  const parts = message.split("...").filter((part) => part.trim() !== "");
  return sources.some((text) => {
    let at = 0;
    return parts.every((part) => {
      const found = text.indexOf(part, at);
      at = found + part.length;
      return found >= 0;
    });
  });
}

/** States that are no message of anybody. */
const states = new Set(["Ready", "False"]);

test("each symptom that the page quotes is one that a test provokes", () => {
  const known = provokedTroubles.map(({ message }) => message);
  const quoted = quotedSymptoms(read("docs/troubleshooting.md"));
  expect(quoted.filter((text) => !known.includes(text) && !states.has(text))).toEqual([]);
  expect(known.filter((text) => !quoted.includes(text))).toEqual([]);
});

const ours = provokedTroubles.filter(({ of }) => of === undefined);

test.each(ours)("a program says: $message", ({ message }) => {
  expect(isSaid(message)).toBe(true);
});

test.each(provokedTroubles)("$test provokes: $message", ({ test: file, words }) => {
  expect(read(file).replaceAll("\\", "")).toContain(words);
});

test("a message that nobody says is not found", () => {
  expect(isSaid("containerd does not answer at ... or perhaps it does")).toBe(false);
});
