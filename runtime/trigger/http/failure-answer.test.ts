import { expect, test } from "vitest";
import { WhorlError } from "../../error.ts";
import { guestFailure } from "../loaded-component.ts";
import { failureAnswer, isOverload, OverloadLog } from "./failure-answer.ts";

const limit = (limit: "instances" | "time" | "cpu" | "memory"): WhorlError =>
  new WhorlError("limit", "too much", { limit });

test.each([
  ["a trap", new WhorlError("trap", "unreachable"), 500],
  ["anything", "text", 500],
  ["CPU time", limit("cpu"), 500],
  ["memory", limit("memory"), 500],
  ["time", limit("time"), 504],
  ["instances", limit("instances"), 503],
])("%s", (_name, error, status) => {
  for (const each of [error, guestFailure("handle", error)]) {
    expect(failureAnswer(each).status).toBe(status);
    expect(isOverload(each)).toBe(status === 503);
  }
});

test("whoever is refused knows when to come again", () => {
  expect(failureAnswer(limit("instances")).headers).toEqual([
    ...["content-length", "0", "retry-after", "1"],
  ]);
});

test("an overload is told of once, then by count", () => {
  const lines: string[] = [];
  const overload = new OverloadLog({ error: (line) => lines.push(line) });
  for (const nowMs of [5, 6, 7, 10_004, 10_005, 10_006]) overload.note("too many", nowMs);
  expect(lines).toEqual([
    "too many (a request refused with 503)",
    "too many (4 requests refused with 503)",
  ]);
});
