import { join } from "node:path";
import { Command } from "commander";
import { WhorlError } from "../../runtime/error.ts";
import { outputOption } from "../build/build-command.ts";
import type { CommandDependencies } from "../command.ts";
import type { Prompt } from "../new/prompt.ts";
import { appTable, appText } from "./app-table.ts";
import { readAppTriggers } from "./app-triggers.ts";
import { addKubeFlags } from "./kube-flags.ts";
import type { KubeFlags } from "./kube-flags.ts";
import { openKube } from "./kube-session.ts";
import { deleteApp, getApp, listApps } from "./spin-apps.ts";

interface OutputFlags extends KubeFlags {
  readonly output: "text" | "json";
}

/** `whorl list`: the apps of a namespace. */
export function listCommand({ io, environment }: CommandDependencies): Command {
  return addKubeFlags(new Command("list"))
    .description("list the apps in a cluster")
    .option("-A, --all-namespaces", "of all namespaces")
    .addOption(outputOption())
    .addHelpText("after", "\nExamples:\n  $ whorl list\n  $ whorl list -A --output json")
    .action(async (flags: OutputFlags & { readonly allNamespaces?: true }) => {
      const apps = await listApps(openKube(flags, environment), flags.allNamespaces === true);
      if (flags.output === "json") {
        for (const app of apps) io.stdout.write(`${JSON.stringify(app)}\n`);
      } else {
        io.stdout.write(appTable(apps));
      }
    });
}

/** `whorl get`: one app. */
export function getCommand({ io, environment, directory }: CommandDependencies): Command {
  return addKubeFlags(new Command("get"))
    .description("show an app in a cluster")
    .argument("[name]", "name of the app (default: of the spin.toml in this directory)")
    .addOption(outputOption())
    .addHelpText("after", "\nExamples:\n  $ whorl get shop\n  $ whorl get shop -n production")
    .action(async (given: string | undefined, flags: OutputFlags) => {
      const name = await appName(given, directory, environment);
      const app = await getApp(name, openKube(flags, environment));
      io.stdout.write(flags.output === "json" ? `${JSON.stringify(app)}\n` : appText(app));
    });
}

/** `whorl delete`: removes an app; without a prompt only with --yes. */
export function deleteCommand(
  { io, environment }: CommandDependencies,
  prompt: Prompt | undefined,
): Command {
  return addKubeFlags(new Command("delete"))
    .description("remove an app from a cluster")
    .argument("<name>", "name of the app")
    .option("-y, --yes", "do not ask")
    .addHelpText("after", "\nExamples:\n  $ whorl delete shop\n  $ whorl delete shop --yes")
    .action(async (name: string, flags: KubeFlags & { readonly yes?: true }) => {
      if (flags.yes !== true && prompt === undefined) {
        throw new WhorlError("usage", `nobody can be asked whether to delete ${name}; add --yes`);
      }
      const question = "This action is irreversible. Are you sure? (y/N): ";
      if (flags.yes !== true && (await prompt?.confirm(question)) !== true) return;
      await deleteApp(name, openKube(flags, environment));
      io.stdout.write(`Deleted ${name}\n`);
    });
}

/**
 * The app that is meant: named, or of the manifest in the directory.
 * @throws WhorlError `usage` if there is neither.
 */
export async function appName(
  given: string | undefined,
  directory: string,
  environment: CommandDependencies["environment"],
): Promise<string> {
  if (given !== undefined) return given;
  const isAlone = environment["SPIN_KUBE_DISABLE_DIR_CONTEXT"]?.toLowerCase() === "true";
  const triggers = isAlone ? undefined : await readAppTriggers(join(directory, "spin.toml"));
  if (triggers !== undefined && triggers.name !== "") return triggers.name;
  throw new WhorlError("usage", "no app is named; add its name (whorl list shows them)");
}
