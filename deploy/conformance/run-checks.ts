import { errorText } from "../../runtime/error.ts";
import type { Check, Outcome } from "./check.ts";
import { gatewayChecks } from "./gateway-checks.ts";
import { metricsChecks } from "./metrics-checks.ts";
import { operatorChecks } from "./operator-checks.ts";
import type { CheckResult } from "./report.ts";
import { scalingChecks } from "./scaling-checks.ts";
import { schedulingChecks } from "./scheduling-checks.ts";
import type { Trial } from "./trial.ts";

/** In the order in which they run: what ends processes comes when the rest has been seen. */
export const allChecks: readonly Check[] = [
  ...operatorChecks.filter((check) => check.isDisruptive !== true),
  ...metricsChecks,
  ...scalingChecks,
  ...schedulingChecks,
  ...gatewayChecks,
  ...operatorChecks.filter((check) => check.isDisruptive === true),
];

/** Runs them one after the other; one that rejects has failed. `told` hears of each as it ends. */
export async function runChecks(
  checks: readonly Check[],
  trial: Trial,
  told: (result: CheckResult) => void,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const beganMs = performance.now();
    const outcome = await outcomeOf(check, trial);
    const { name, item, claim } = check;
    const seconds = Number(((performance.now() - beganMs) / 1000).toFixed(1));
    const result = { name, item, claim, seconds, ...outcome };
    results.push(result);
    told(result);
  }
  return results;
}

async function outcomeOf(check: Check, trial: Trial): Promise<Outcome> {
  try {
    return await check.run(trial);
  } catch (error) {
    const remedy = "The evidence says what was waited for, or what the API server refused.";
    return { status: "failed", evidence: [errorText(error)], remedy };
  }
}
