import { expect, test } from "vitest";
import type { Check } from "./check.ts";
import { notApplicable, passed } from "./check.ts";
import { runChecks } from "./run-checks.ts";
import type { Trial } from "./trial.ts";

const item = "operator/robust_controller";
const trial = {} as Trial;

function check(name: string, run: Check["run"]): Check {
  return { name, item, claim: "It holds.", run };
}

test("one that rejects has failed, and the others go on", async () => {
  const told: string[] = [];
  const checks = [
    check("first", () => Promise.reject(new Error("waited 3 s for the app to be ready"))),
    check("second", () => Promise.resolve(passed("It is so."))),
    check("third", () => Promise.resolve(notApplicable("Nothing is here.", "Install it."))),
  ];
  const results = await runChecks(checks, trial, ({ name }) => void told.push(name));
  expect(told).toEqual(["first", "second", "third"]);
  expect(results.map(({ status }) => status)).toEqual(["failed", "passed", "not applicable"]);
  expect(results[0]?.evidence).toEqual(["waited 3 s for the app to be ready"]);
});
