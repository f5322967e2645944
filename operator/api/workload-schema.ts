import { boolean, int32, intOrString, list, object, string } from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";

const amountOrPercent = (description: string): JsonSchema => intOrString(description);

const scalingRules = (description: string): JsonSchema =>
  object(description, {
    policies: list(
      "How fast the number may change.",
      object("", {
        "periodSeconds!": int32("Period of the change."),
        "type!": string("Pods or Percent."),
        "value!": int32("The most that may change in a period."),
      }),
    ),
    selectPolicy: string("Which policy counts: Max, Min or Disabled."),
    stabilizationWindowSeconds: int32("How long earlier recommendations are remembered."),
  });

/** The HorizontalPodAutoscaler that is made for the app. */
export const autoscaling: JsonSchema = object(
  "Makes a HorizontalPodAutoscaler; `replicas` must not be given then.",
  {
    behavior: object("How fast it scales.", {
      scaleDown: scalingRules("Towards fewer pods."),
      scaleUp: scalingRules("Towards more pods."),
    }),
    "maxReplicas!": int32("The most pods.", { minimum: 1 }),
    minReplicas: int32("The fewest pods; 1 where not given.", { minimum: 0 }),
    targetCPUUtilizationPercentage: int32(
      "Average CPU in percent of the request; 80 where no target is given.",
      { minimum: 1 },
    ),
    targetMemoryUtilizationPercentage: int32("Average memory in percent of the request.", {
      minimum: 1,
    }),
  },
  {
    "x-kubernetes-validations": [
      {
        rule: "!has(self.minReplicas) || self.minReplicas <= self.maxReplicas",
        message: "minReplicas must not be greater than maxReplicas",
      },
    ],
  },
);

/** The PodDisruptionBudget that is made for the app. */
export const podDisruptionBudget: JsonSchema = object(
  "Makes a PodDisruptionBudget.",
  {
    maxUnavailable: amountOrPercent("Pods that may be missing, a number or a percentage."),
    minAvailable: amountOrPercent("Pods that must stay, a number or a percentage."),
  },
  {
    "x-kubernetes-validations": [
      {
        rule: "has(self.minAvailable) != has(self.maxUnavailable)",
        message: "give either minAvailable or maxUnavailable",
      },
    ],
  },
);

/** apps/v1 DeploymentStrategy. */
export const strategy: JsonSchema = object("How new versions replace old ones.", {
  rollingUpdate: object("For type RollingUpdate.", {
    maxSurge: amountOrPercent("Pods above the number wanted."),
    maxUnavailable: amountOrPercent("Pods below the number wanted."),
  }),
  type: string("RollingUpdate where not given.", { enum: ["RollingUpdate", "Recreate"] }),
});

/** For apps that end: a Job, or with a schedule a CronJob, in place of the Deployment. */
export const jobSchema: JsonSchema = object(
  "Runs the app as a Job, or on a schedule as a CronJob, in place of a Deployment.",
  {
    activeDeadlineSeconds: int32("Time after which the Job is ended.", { minimum: 1 }),
    backoffLimit: int32("Failures before the Job is given up.", { minimum: 0 }),
    completions: int32("Successful pods that complete the Job.", { minimum: 1 }),
    concurrencyPolicy: string("What happens when the last run has not ended.", {
      enum: ["Allow", "Forbid", "Replace"],
    }),
    failedJobsHistoryLimit: int32("Failed runs that are kept.", { minimum: 0 }),
    parallelism: int32("Pods at a time.", { minimum: 0 }),
    restartPolicy: string("Never where not given.", { enum: ["Never", "OnFailure"] }),
    schedule: string("Five fields as in cron, such as `0 3 * * *`.", { minLength: 1 }),
    startingDeadlineSeconds: int32("How late a run may start.", { minimum: 0 }),
    successfulJobsHistoryLimit: int32("Successful runs that are kept.", { minimum: 0 }),
    suspend: boolean("Whether no pods are started."),
    timeZone: string("Zone of the schedule, such as Europe/Berlin."),
    ttlSecondsAfterFinished: int32("Time after which the finished Job is deleted.", { minimum: 0 }),
  },
  {
    "x-kubernetes-validations": [
      {
        rule: "has(self.schedule) || (!has(self.timeZone) && !has(self.concurrencyPolicy) && !has(self.startingDeadlineSeconds))",
        message: "timeZone, concurrencyPolicy and startingDeadlineSeconds need a schedule",
      },
    ],
  },
);
