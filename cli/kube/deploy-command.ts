import type { KubernetesObject } from "@kubernetes/client-node";
import { Command } from "commander";
import { parseAllDocuments } from "yaml";
import type { CommandDependencies } from "../command.ts";
import { addKubeFlags } from "./kube-flags.ts";
import type { KubeFlags } from "./kube-flags.ts";
import { openKube } from "./kube-session.ts";
import { addManifestFlags, manifestOf } from "./scaffold-command.ts";
import type { ManifestFlags } from "./scaffold-command.ts";
import { applyObject } from "./spin-apps.ts";

interface DeployFlags extends ManifestFlags, KubeFlags {
  readonly dryRun?: true;
  readonly forceConflicts?: true;
}

const examples = `
Examples:
  $ whorl deploy -f ghcr.io/me/shop:1.0
  $ whorl deploy -f ghcr.io/me/shop:1.0 -r 5 -v greeting=hello -n production
  $ whorl deploy -f ghcr.io/me/shop:1.0 --dry-run`;

/** `whorl deploy`: applies what `whorl scaffold` prints for the same flags. */
export function deployCommand({ io, environment, directory }: CommandDependencies): Command {
  return addKubeFlags(addManifestFlags(new Command("deploy")))
    .description("run an app in a cluster, or change it")
    .option("--dry-run", "only print the manifest")
    .option("--force-conflicts", "take over fields that somebody else has set")
    .addHelpText("after", examples)
    .action(async (flags: DeployFlags) => {
      const text = await manifestOf(flags, directory, environment);
      if (flags.dryRun === true) {
        io.stdout.write(text);
        return;
      }
      const session = openKube(flags, environment);
      for (const object of objectsOf(text)) {
        const applied = await applyObject(object, session, flags.forceConflicts === true);
        io.stdout.write(`${objectName(object)} ${applied}\n`);
      }
    });
}

function objectsOf(text: string): KubernetesObject[] {
  const documents = parseAllDocuments(text, { version: "1.1" });
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => document.toJS() as KubernetesObject);
}

/** `spinapp.core.spinkube.dev/shop`, as kubectl names objects. */
function objectName({ apiVersion = "", kind = "", metadata }: KubernetesObject): string {
  const group = apiVersion.includes("/") ? `.${apiVersion.split("/")[0] ?? ""}` : "";
  return `${kind.toLowerCase()}${group}/${metadata?.name ?? ""}`;
}
