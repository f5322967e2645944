import type { Condition } from "../kube/object.ts";
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
  if (ending(job, "Complete") !== undefined) {
    return [finding("Ready", "True", "Completed", "the Job has completed")];
  }
  const failed = ending(job, "Failed");
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

/** Conditions of an app whose finished Job is gone: what was said of it last. */
export function formerJobFindings(conditions: readonly Condition[]): readonly Finding[] {
  return (["Ready", "Stalled"] as const).flatMap((type) => {
    const said = conditions.find((condition) => condition.type === type);
    return said === undefined ? [] : [finding(type, said.status, said.reason, said.message)];
  });
}

/** Whether a Job has ended, well or not: it starts no pod any more. */
export function hasFinished(job: ObservedJob | undefined): boolean {
  return ending(job, "Complete") !== undefined || ending(job, "Failed") !== undefined;
}

function ending(
  job: ObservedJob | undefined,
  type: "Complete" | "Failed",
): { readonly message: string } | undefined {
  return job?.status?.conditions?.find(
    (condition) => condition.type === type && condition.status === "True",
  );
}

function finding(
  type: Finding["type"],
  status: Finding["status"],
  reason: string,
  message: string,
): Finding {
  return { type, status, reason, message };
}
