import { expect, test } from "vitest";
import { newestOf, parseResult } from "./results.ts";

const whole = {
  ...{ name: "cold", date: "2026-11-21T20:29:06.296Z", machine: { cores: 2 } },
  calibration: { noise: "the machine is busy" },
  verdicts: [{ figure: "a", measured: 1, unit: "ms", reach: { atMost: 2 } }],
};

test("a result says what it is", () => {
  const result = parseResult(JSON.stringify(whole), "any.json");
  expect(result).toMatchObject({ name: "cold", date: whole.date, noise: "the machine is busy" });
  expect(result.verdicts).toEqual(whole.verdicts);
  expect(result.lines).toEqual([]);
});

test("the name of the file says what an older result does not", () => {
  const result = parseResult("{}", "http-2026-11-21T15-31-29.185Z.json");
  expect(result).toMatchObject({ name: "http", date: "2026-11-21T15:31:29.185Z", verdicts: [] });
});

test("newestOf keeps the last run of each benchmark", () => {
  const run = (name: string, date: string): ReturnType<typeof parseResult> =>
    parseResult(JSON.stringify({ name, date }), "");
  const runs = [
    run("cold", "2026-11-21T20:29:06.296Z"),
    run("cold", "2026-11-22T01:00:00.000Z"),
    run("cold", "2026-11-21T23:00:00.000Z"),
    run("http", "2026-01-01T00:00:00.000Z"),
  ];
  const newest = newestOf(runs);
  expect([...newest.keys()].toSorted()).toEqual(["cold", "http"]);
  expect(newest.get("cold")?.date).toBe("2026-11-22T01:00:00.000Z");
});
