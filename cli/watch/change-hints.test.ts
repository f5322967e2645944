import { getEventListeners } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ChangeHints } from "./change-hints.ts";

let directory: string;
let hints: ChangeHints;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "whorl-hints-"));
  hints = new ChangeHints(1);
});

afterEach(() => {
  hints[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

const { signal: never } = new AbortController();

test("a directory that is new to it may have changed, and each change in it is told", async () => {
  hints.follow(new Set([directory]));
  expect(await hints.next(never)).toBe(true);
  writeFileSync(join(directory, "a"), "");
  expect(await hints.next(never)).toBe(true);
});

test("who does not wait any more takes no hint away from the next one", async () => {
  const stop = new AbortController();
  const first = hints.next(stop.signal);
  stop.abort();
  expect(await first).toBe(false);
  expect(await hints.next(stop.signal)).toBe(false);
  hints.follow(new Set([directory]));
  expect(await hints.next(never)).toBe(true);
});

test("waiting leaves nothing behind at the signal", async () => {
  const { signal } = new AbortController();
  hints.follow(new Set([directory]));
  await hints.next(signal);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("a directory that is gone has to be looked for", async () => {
  hints.follow(new Set([join(directory, "gone")]));
  expect(await hints.next(never)).toBe(true);
});
