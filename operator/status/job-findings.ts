import type { Finding } from "./conditions.ts";
import type { ObservedJob } from "./observed.ts";
import type { Problem } from "./pod-problem.ts";

/** Conditions of an app that runs as a Job or CronJob. */
export function jobFindings(
  kind: "Job" | "CronJob",
  job: ObservedJob | undefined,
  problem: Problem | undefined,
): readonly Finding[] {
  if (kind === "CronJob" && job !== undefined) {
    return [finding("Ready", "True", "Scheduled", problem?.message ?? "runs on its schedule")];
  }
  const conditions = job?.status?.conditions ?? [];
  const holds = (type: string): { readonly message: string } | undefined =>
    conditions.find((condition) => condition.type === type && condition.status === "True");
  if (holds("Complete") !== undefined) {
    return [finding("Ready", "True", "Completed", "the Job has completed")];
  }
  const failed = holds("Failed");
  if (failed !== undefined) {
    const { reason, message } = problem ?? { reason: "JobFailed", message: failed.message };
    return [
      finding("Ready", "False", reason, message),
      finding("Stalled", "True", reason, message),
    ];
  }
  const { reason, message } = problem ?? { reason: "Running", message: "the Job has not ended" };
  return [
    finding("Ready", "False", reason, message),
    finding("Reconciling", "True", reason, message),
  ];
}

function finding(
  type: Finding["type"],
  status: Finding["status"],
  reason: string,
  message: string,
): Finding {
  return { type, status, reason, message };
}
