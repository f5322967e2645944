import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { unansweredErrors } from "./interfaces/unanswered-errors.ts";
import { parityTable } from "./interfaces/parity-table.ts";

test("docs/parity.md tells what the cases show", () => {
  // The file is formatted like every other: blanks and dashes that align a table count nothing.
  const squeezed = (text: string): string => text.replaceAll(/ +|-{3,}/g, " ").trim();
  const written = readFileSync(new URL("../../docs/parity.md", import.meta.url), "utf8");
  expect(squeezed(written)).toBe(squeezed(parityTable()));
});

test("every function of every interface has a case", () => {
  expect(parityTable()).toContain("## Functions without a test\n\nNone.\n");
});

test("every error of every interface has a case, or a reason why nothing answers it", () => {
  expect(unansweredErrors().filter(({ reason }) => reason === undefined)).toEqual([]);
});
