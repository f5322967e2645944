import { release } from "node:os";
import { expect, test } from "vitest";
import { ownTurnNs, takeOrdinaryTurns, takeShortTurns } from "./short-turns.ts";

/** EEVDF lets a thread choose how long its turns are from this version on. */
const [choosingMajor, choosingMinor] = [6, 12];

function canChoose(): boolean {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return major > choosingMajor || (major === choosingMajor && minor >= choosingMinor);
}

test("a thread has the shortest turns when it asks for short ones, and its own again", () => {
  // Another test may have had its own on this thread.
  takeOrdinaryTurns();
  const ordinaryNs = ownTurnNs();
  takeShortTurns();
  takeShortTurns();
  const isKnown = process.platform === "linux" && canChoose();
  expect(ownTurnNs()).toBe(isKnown ? 100_000n : 0n);
  expect(ordinaryNs).not.toBe(100_000n);
  takeOrdinaryTurns();
  expect(ownTurnNs()).toBe(ordinaryNs);
});
