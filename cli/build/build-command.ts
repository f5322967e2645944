import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { findManifest } from "../../runtime/app/build-plan-file.ts";
import { WhorlError } from "../../runtime/error.ts";
import type { CommandDependencies } from "../command.ts";
import { exitCodes } from "../io.ts";
import { buildApp } from "./build-app.ts";

interface BuildFlags {
  readonly from?: string;
  readonly profile?: string;
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
    .option("--profile <name>", "use the components' settings of this profile")
    .option("-c, --component-id <id...>", "build only these components, repeatable")
    .option("-j, --jobs <n>", "components built at once (default: one per core)", parseJobs)
    .addOption(outputOption())
    .addHelpText("after", examples)
    .action(async (path: string | undefined, flags: BuildFlags) => {
      const manifest = await findManifest(resolve(directory, appPath(path, flags.from)));
      const { profile, componentId: components = [], jobs, output } = flags;
      const isDone = await buildApp(
        { manifest, profile, components, jobs, output, environment },
        io,
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
