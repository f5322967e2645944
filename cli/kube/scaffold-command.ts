import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { errorText, WhorlError } from "../../runtime/error.ts";
import type { CommandDependencies } from "../command.ts";
import { readAppTriggers, workloadKind } from "./app-triggers.ts";
import type { AppTriggers } from "./app-triggers.ts";
import { addListed, addPairs, parseWhole } from "./flag-values.ts";
import { scaffold } from "./scaffold.ts";
import { scaffoldCronJobs, scaffoldJob } from "./scaffold-job.ts";
import type { JobOptions, JobSchedule, WorkloadKind } from "./scaffold-job.ts";
import { scaffoldDefaults } from "./scaffold-options.ts";
import type { ScaffoldOptions } from "./scaffold-options.ts";

/** What says which manifest is meant. */
export interface ManifestFlags {
  readonly from: string;
  readonly runtimeConfigFile?: string;
  readonly replicas: number;
  readonly maxReplicas: number;
  readonly autoscaler: string;
  readonly autoscalerTargetCpuUtilization: number;
  readonly autoscalerTargetMemoryUtilization: number;
  readonly executor: string;
  readonly cpuLimit: string;
  readonly cpuRequest: string;
  readonly memoryLimit: string;
  readonly memoryRequest: string;
  readonly azureIdentity?: true;
  readonly serviceAccountName: string;
  readonly imagePullSecret?: readonly string[];
  readonly variable?: ReadonlyMap<string, string>;
  readonly component?: readonly string[];
  readonly kind?: WorkloadKind;
  readonly schedule?: string;
  readonly runtimeClass: string;
  readonly argument?: readonly string[];
}

interface ScaffoldFlags extends ManifestFlags {
  readonly out?: string;
}

const examples = `
Examples:
  $ whorl scaffold -f registry.example.com/me/shop:1.0 | kubectl apply -f -
  $ whorl scaffold -f registry.example.com/me/shop:1.0 -r 5 -v greeting=hello -c runtime-config.toml
  $ whorl scaffold -f registry.example.com/me/shop:1.0 --autoscaler hpa --cpu-limit 100m --memory-limit 128Mi
  $ whorl scaffold -f registry.example.com/me/report:1.0 --kind cronjob --schedule "0 3 * * *" -o report.yaml`;

/** `whorl scaffold`: prints or writes the manifest of an app, as `spin kube scaffold` does. */
export function scaffoldCommand({ io, environment, directory }: CommandDependencies): Command {
  return addManifestFlags(new Command("scaffold"))
    .option("-o, --out <file>", "write to this file in place of the output")
    .description("print the Kubernetes manifest of an app")
    .addHelpText("after", examples)
    .action(async (flags: ScaffoldFlags) => {
      const text = await manifestOf(flags, directory, environment);
      if (flags.out === undefined) {
        io.stdout.write(text);
        return;
      }
      await writeManifest(resolve(directory, flags.out), text);
      io.stderr.write(`Application manifest saved to ${flags.out}\n`);
    });
}

/** Adds the flags that say which manifest is meant. */
export function addManifestFlags(command: Command): Command {
  return addWorkloadFlags(addSpinFlags(command));
}

function addSpinFlags(command: Command): Command {
  const defaults = scaffoldDefaults;
  return command
    .requiredOption("-f, --from <reference>", "reference of the image in its registry")
    .option("-c, --runtime-config-file <file>", "runtime config, for a Secret")
    .option("-r, --replicas <n>", "pods, or the fewest with an autoscaler", parseWhole, 2)
    .option("--max-replicas <n>", "the most pods, with an autoscaler", parseWhole, 3)
    .option("--autoscaler <hpa|keda>", "make an autoscaler of this type", "")
    .option("--autoscaler-target-cpu-utilization <percent>", "to aim at", parseWhole, 60)
    .option("--autoscaler-target-memory-utilization <percent>", "to aim at", parseWhole, 60)
    .option("--executor <name>", "executor that runs the app", defaults.executor)
    .option("--cpu-limit <quantity>", "most CPU of a pod, such as 100m", "")
    .option("--cpu-request <quantity>", "CPU that a pod is sure to have", "")
    .option("--memory-limit <quantity>", "most memory of a pod, such as 128Mi", "")
    .option("--memory-request <quantity>", "memory that a pod is sure to have", "")
    .option("--azure-identity", "the pods use Azure workload identity")
    .option("--service-account-name <name>", "service account of the pods", "")
    .option("-s, --image-pull-secret <name>", "Secret to pull with, repeatable", addListed)
    .option("-v, --variable <name=value>", "variable of the app, repeatable", addPairs)
    .option("--component <id>", "run only this component, repeatable", addListed);
}

function addWorkloadFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--kind <kind>",
        "what runs the app (default: job where ./spin.toml has command triggers only, cronjob where cron triggers only, else spinapp)",
      ).choices(["spinapp", "job", "cronjob"]),
    )
    .option("--schedule <cron>", "for a CronJob: when, in UTC (default: of the cron triggers)")
    .option(
      "--argument <text>",
      "for a Job or CronJob: argument of the command, repeatable",
      addText,
    )
    .option("--runtime-class <name>", "for a Job or CronJob: runtime class", "wasmtime-spin-v2");
}

function addText(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text];
}

/**
 * The manifest that flags describe.
 * @throws WhorlError `usage` for flags that contradict each other, `file` if a file is missing.
 */
export async function manifestOf(
  flags: ManifestFlags,
  directory: string,
  environment: CommandDependencies["environment"],
): Promise<string> {
  const isAlone = environment["SPIN_KUBE_DISABLE_DIR_CONTEXT"]?.toLowerCase() === "true";
  const triggers = isAlone ? undefined : await readAppTriggers(join(directory, "spin.toml"));
  const kind = flags.kind ?? (flags.schedule === undefined ? workloadKind(triggers) : "cronjob");
  const options = await jobOptions(flags, directory);
  switch (kind) {
    case "spinapp":
      return scaffold(options);
    case "job":
      return scaffoldJob(options);
    case "cronjob":
      return scaffoldCronJobs(options, schedulesOf(flags, triggers));
  }
}

function schedulesOf(flags: ManifestFlags, triggers: AppTriggers | undefined): JobSchedule[] {
  const cron = triggers?.cron ?? [];
  const { schedule } = flags;
  if (schedule === undefined) {
    return cron.map(({ id, expression }) => ({ expression, trigger: id }));
  }
  if (cron.length === 0) return [{ expression: schedule }];
  return cron.map(({ id }) => ({ expression: schedule, trigger: id }));
}

async function jobOptions(flags: ManifestFlags, directory: string): Promise<JobOptions> {
  return {
    ...scaffoldOptions(flags, await readRuntimeConfig(flags.runtimeConfigFile, directory)),
    runtimeClass: flags.runtimeClass,
    arguments: flags.argument ?? [],
  };
}

function scaffoldOptions(
  flags: ManifestFlags,
  runtimeConfig: Uint8Array | undefined,
): ScaffoldOptions {
  return {
    from: flags.from,
    replicas: flags.replicas,
    maxReplicas: flags.maxReplicas,
    autoscaler: flags.autoscaler,
    targetCpuPercent: flags.autoscalerTargetCpuUtilization,
    targetMemoryPercent: flags.autoscalerTargetMemoryUtilization,
    executor: flags.executor,
    cpuLimit: flags.cpuLimit,
    cpuRequest: flags.cpuRequest,
    memoryLimit: flags.memoryLimit,
    memoryRequest: flags.memoryRequest,
    azureIdentity: flags.azureIdentity === true,
    serviceAccountName: flags.serviceAccountName,
    imagePullSecrets: flags.imagePullSecret ?? [],
    variables: flags.variable ?? new Map(),
    components: flags.component ?? [],
    runtimeConfig,
  };
}

async function readRuntimeConfig(
  file: string | undefined,
  directory: string,
): Promise<Uint8Array | undefined> {
  if (file === undefined) return undefined;
  return readFile(resolve(directory, file)).catch((error: unknown) => {
    throw new WhorlError("file", `cannot read ${file}: ${errorText(error)}`, { cause: error });
  });
}

/** For the owner only, as a runtime config may have passwords. */
async function writeManifest(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 }).catch((error: unknown) => {
    throw new WhorlError("file", `cannot write ${path}: ${errorText(error)}`, { cause: error });
  });
}
