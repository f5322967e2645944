import { WhorlError } from "../../runtime/error.ts";
import { kubernetesSchedule } from "./kubernetes-schedule.ts";
import { resourceLines, runtimeConfigSecret, runtimeConfigSecretName } from "./scaffold.ts";
import { checkScaffoldOptions, imageAppName } from "./scaffold-options.ts";
import type { ScaffoldOptions } from "./scaffold-options.ts";
import { yamlScalar } from "./yaml-scalar.ts";

/** What runs an app in a cluster. */
export type WorkloadKind = "spinapp" | "job" | "cronjob";

export interface JobOptions extends ScaffoldOptions {
  readonly runtimeClass: string;
  /** What the command gets as arguments. */
  readonly arguments: readonly string[];
}

/** When a CronJob runs, and what. */
export interface JobSchedule {
  /** Five fields, or six with seconds in front. */
  readonly expression: string;
  /** Cron trigger that is fired once; undefined runs the app's command. */
  readonly trigger?: string;
}

/** Tells the host to fire this cron trigger once and to end, in place of waiting for its times. */
export const cronTriggerVariable = "WHORL_CRON_TRIGGER";

/**
 * The Job of an app that ends by itself.
 * @throws WhorlError `usage` for options that contradict each other.
 */
export function scaffoldJob(options: JobOptions): string {
  checkJob(options);
  const name = imageAppName(options.from);
  return join([
    [
      ...head("Job", name),
      "spec:",
      "  template:",
      "    spec:",
      ...indent(podLines(name, options), 6),
    ],
    ...secrets(name, options),
  ]);
}

/**
 * The CronJobs of an app, one for each schedule; their names end in the trigger's where there are
 * several.
 * @throws WhorlError `usage` for options that contradict each other, or a schedule that Kubernetes
 * does not know.
 */
export function scaffoldCronJobs(options: JobOptions, schedules: readonly JobSchedule[]): string {
  checkJob(options);
  if (schedules.length === 0) {
    throw new WhorlError("usage", 'a CronJob needs a schedule; add --schedule "0 3 * * *"');
  }
  const app = imageAppName(options.from);
  const cronJobs = schedules.map(({ expression, trigger }) => {
    const name = schedules.length === 1 ? app : `${app}-${trigger ?? ""}`;
    return [
      ...head("CronJob", name),
      "spec:",
      `  schedule: ${JSON.stringify(kubernetesSchedule(expression))}`,
      "  timeZone: Etc/UTC",
      "  concurrencyPolicy: Forbid",
      "  jobTemplate:",
      "    spec:",
      "      template:",
      "        spec:",
      ...indent(podLines(app, options, trigger), 10),
    ];
  });
  return join([...cronJobs, ...secrets(app, options)]);
}

function checkJob(options: JobOptions): void {
  checkScaffoldOptions(options);
  if (options.autoscaler === "") return;
  throw new WhorlError("usage", "a Job is not scaled; leave --autoscaler out");
}

function head(kind: string, name: string): string[] {
  return ["apiVersion: batch/v1", `kind: ${kind}`, "metadata:", `  name: ${yamlScalar(name)}`];
}

function secrets(app: string, { runtimeConfig }: JobOptions): string[][] {
  return runtimeConfig === undefined ? [] : [runtimeConfigSecret(app, runtimeConfig)];
}

function podLines(app: string, options: JobOptions, trigger?: string): string[] {
  const { serviceAccountName, imagePullSecrets, runtimeConfig } = options;
  return [
    `runtimeClassName: ${yamlScalar(options.runtimeClass)}`,
    "restartPolicy: Never",
    ...(serviceAccountName === "" ? [] : [`serviceAccountName: ${yamlScalar(serviceAccountName)}`]),
    ...(imagePullSecrets.length === 0 ? [] : ["imagePullSecrets:"]),
    ...imagePullSecrets.map((secret) => `- name: ${yamlScalar(secret)}`),
    "containers:",
    `- name: ${yamlScalar(app)}`,
    ...indent(containerLines(options, trigger), 2),
    ...(runtimeConfig === undefined ? [] : runtimeConfigVolume(app)),
  ];
}

function containerLines(options: JobOptions, trigger?: string): string[] {
  const resources = resourceLines(options);
  const environment = environmentOf(options, trigger);
  return [
    `image: "${options.from}"`,
    // Containers need an entrypoint; this one stands for the app itself.
    'command: ["/"]',
    ...(options.arguments.length === 0 ? [] : [`args: ${JSON.stringify(options.arguments)}`]),
    ...(environment.length === 0 ? [] : ["env:"]),
    ...environment.flatMap(([name, value]) => [
      `- name: ${yamlScalar(name)}`,
      `  value: ${yamlScalar(value)}`,
    ]),
    ...(resources.length === 0 ? [] : ["resources:", ...indent(resources, 2)]),
    ...(options.runtimeConfig === undefined
      ? []
      : [
          "volumeMounts:",
          "- name: runtime-config",
          "  mountPath: /runtime-config.toml",
          "  subPath: runtime-config.toml",
          "  readOnly: true",
        ]),
  ];
}

/** As the operator passes the same settings to the pods of a SpinApp. */
function environmentOf(options: JobOptions, trigger?: string): [string, string][] {
  const { variables, components } = options;
  const environment = [...variables]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]): [string, string] => [`SPIN_VARIABLE_${name.toUpperCase()}`, value]);
  if (components.length > 0) environment.push(["SPIN_COMPONENTS_TO_RETAIN", components.join(",")]);
  if (trigger !== undefined) environment.push([cronTriggerVariable, trigger]);
  return environment;
}

function runtimeConfigVolume(app: string): string[] {
  return [
    "volumes:",
    "- name: runtime-config",
    "  secret:",
    `    secretName: ${yamlScalar(runtimeConfigSecretName(app))}`,
  ];
}

function indent(lines: readonly string[], spaces: number): string[] {
  return lines.map((line) => `${" ".repeat(spaces)}${line}`);
}

function join(documents: readonly (readonly string[])[]): string {
  return documents.map((lines) => `${lines.join("\n")}\n`).join("---\n");
}
