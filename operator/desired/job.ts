import { createHash } from "node:crypto";
import type { JobSettings, Passed, SpinApp } from "../api/spin-app.ts";
import { childMeta, controllerReference, present } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { podTemplate } from "./pod-template.ts";
import type { PodInput } from "./pod-template.ts";

const digestLength = 8;

/**
 * The Job of an app that ends, or its CronJob where there is a schedule. What a Job runs cannot be
 * changed, so its name ends in a digest of that: another content is another Job.
 */
export function job(input: Omit<PodInput, "serves">, settings: JobSettings): Manifest {
  const spec = jobSpec(input, settings);
  return settings.schedule === undefined
    ? oneJob(input, spec)
    : cronJob(input, settings, settings.schedule, spec);
}

/**
 * Whether a child is a Job that has finished, and that its time to live removes or has removed: made
 * again, it would run again.
 */
export function hasRun({ spec, status }: SpinApp, { kind, metadata }: Manifest): boolean {
  return (
    kind === "Job" &&
    spec.job?.ttlSecondsAfterFinished !== undefined &&
    status?.finishedJob === metadata.name
  );
}

function oneJob({ app }: Omit<PodInput, "serves">, spec: Passed): Manifest {
  // The rest (suspend, parallelism, limits, time to live) changes in place: nothing runs anew.
  const { completions, template } = spec;
  const fixed = JSON.stringify({ completions, template });
  const digest = createHash("sha256").update(fixed).digest("hex");
  const name = `${app.metadata.name}-${digest.slice(0, digestLength)}`;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { ...childMeta(app, { ownerReferences: [controllerReference(app)] }), name },
    spec,
  };
}

function cronJob(
  { app }: Omit<PodInput, "serves">,
  settings: JobSettings,
  schedule: string,
  spec: Passed,
): Manifest {
  const { timeZone, concurrencyPolicy, startingDeadlineSeconds, suspend } = settings;
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = settings;
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: childMeta(app, { ownerReferences: [controllerReference(app)] }),
    spec: present({
      schedule,
      timeZone,
      concurrencyPolicy,
      startingDeadlineSeconds,
      suspend,
      successfulJobsHistoryLimit,
      failedJobsHistoryLimit,
      jobTemplate: { metadata: { labels: childMeta(app).labels }, spec },
    }),
  };
}

function jobSpec(input: Omit<PodInput, "serves">, settings: JobSettings): Passed {
  const { activeDeadlineSeconds, backoffLimit, completions, parallelism, restartPolicy } = settings;
  const { schedule, suspend, ttlSecondsAfterFinished } = settings;
  const template = podTemplate({ ...input, serves: false }) as { metadata: Passed; spec: Passed };
  return present({
    activeDeadlineSeconds,
    backoffLimit,
    completions,
    parallelism,
    ttlSecondsAfterFinished,
    suspend: schedule === undefined ? suspend : undefined,
    template: {
      metadata: template.metadata,
      spec: { ...template.spec, restartPolicy: restartPolicy ?? "Never" },
    },
  });
}
