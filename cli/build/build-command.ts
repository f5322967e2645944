import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { selectComponents } from "../../runtime/app/build-plan.ts";
import { findManifest, readBuildPlan } from "../../runtime/app/build-plan-file.ts";
import { WhorlError } from "../../runtime/error.ts";
import type { CommandDependencies } from "../command.ts";
import { exitCodes } from "../io.ts";
import type { CommandIo } from "../io.ts";
import { createJsonBuildReporter, createTextBuildReporter } from "./build-reporter.ts";
import { runBuild } from "./run-build.ts";
import { runShell } from "./shell-command.ts";

interface BuildFlags {
  readonly from?: string;
  readonly componentId?: readonly string[];
  readonly jobs?: number;
  readonly output: "text" | "json";
}

const examples = `
Examples:
  $ whorl build                     all components of the app in this directory
  $ whorl build -f apps/shop        of another app
  $ whorl build -c web -c api       these two components
  $ whorl build --output json       events for a program`;

/** `whorl build`: runs the build commands of a manifest. */
export function buildCommand(dependencies: CommandDependencies): Command {
  const { io, directory, environment } = dependencies;
  return new Command("build")
    .description("build the components of an app with the commands of its manifest")
    .argument("[path]", "directory or manifest (default: this directory)")
    .option("-f, --from <path>", "the same as the argument")
    .option("-c, --component-id <id...>", "build only these components, repeatable")
    .option("-j, --jobs <n>", "components built at once (default: one per core)", parseJobs)
    .addOption(outputOption())
    .addHelpText("after", examples)
    .action(async (path: string | undefined, flags: BuildFlags) => {
      const manifest = await findManifest(resolve(directory, appPath(path, flags.from)));
      const plan = selectComponents(await readBuildPlan(manifest), flags.componentId ?? []);
      const reporter =
        flags.output === "json" ? createJsonBuildReporter(io) : createTextBuildReporter(io);
      const { jobs = availableParallelism() } = flags;
      const isDone = await untilSignal(io, (signal) =>
        runBuild(plan, { runShell, reporter, environment, jobs, signal }),
      );
      if (!isDone) dependencies.finish(exitCodes.interrupted);
    });
}

/** Text for people or JSON for programs; the same for every command that has it. */
export function outputOption(): Option {
  return new Option("--output <form>", "text for people, or one JSON object per line")
    .choices(["text", "json"])
    .default("text");
}

/**
 * The one path that a person gave, this directory where none.
 * @throws WhorlError `usage` if there are two.
 */
export function appPath(argument: string | undefined, flag: string | undefined): string {
  if (argument !== undefined && flag !== undefined) {
    throw new WhorlError("usage", `two apps are named (${argument}, ${flag}); name one`);
  }
  return argument ?? flag ?? ".";
}

function parseJobs(text: string): number {
  const jobs = Number(text);
  if (/^\d{1,4}$/.test(text) && jobs > 0) return jobs;
  throw new InvalidArgumentError("Write a number from 1 on.");
}

/** Runs something that a signal cuts short; whether it came to its end. */
async function untilSignal(
  io: CommandIo,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const interrupt = new AbortController();
  const running = run(interrupt.signal);
  const outcome = await Promise.race([running.then(() => "done" as const), io.signals.next()]);
  if (outcome === "done") return true;
  interrupt.abort();
  await running.catch(() => undefined);
  return false;
}
