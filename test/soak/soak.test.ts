/** The short version of `npm run bench:soak`: enough to see a leak and a lost request. */
import { beforeAll, expect, test } from "vitest";
import { soak, type Soaked } from "../bench/soak-run.ts";

const seconds = 40;
const apps = 24;
/** Of so short a run, on any machine: a worker that has replaced a killed one still loads apps. */
const growthMax = 1.5;

let found: Soaked;

beforeAll(async () => {
  found = await soak({ apps, seconds });
}, 240_000);

test("workers were killed while they were answering", () => {
  expect(found.answered).toBeGreaterThan(100);
  expect(found.kills).toBeGreaterThanOrEqual(3);
});

test("no request is lost but those on killed workers", () => {
  expect(found).toMatchObject({ lost: 0 });
});

test("memory does not grow", () => {
  expect(found.growth, found.megabytes.join(" ")).toBeLessThan(growthMax);
});
