import { readFile } from "node:fs/promises";
import { PlainToml, parseTomlDocument } from "../../runtime/app/toml-document.ts";
import { triggerIds } from "../../runtime/app/trigger-table.ts";
import type { WorkloadKind } from "./scaffold-job.ts";

/** What a manifest tells about how its app is to be run in a cluster. */
export interface AppTriggers {
  readonly name: string;
  /** Kinds of its triggers, each once. */
  readonly kinds: readonly string[];
  readonly cron: readonly { readonly id: string; readonly expression: string }[];
}

/**
 * Reads the triggers of the manifest in a folder; undefined where there is none that can be read,
 * for its mistakes are told by the commands that run or build it.
 */
export async function readAppTriggers(manifest: string): Promise<AppTriggers | undefined> {
  try {
    return appTriggers(await readFile(manifest, "utf8"));
  } catch {
    return undefined;
  }
}

/** The triggers of a manifest. Throws for text that is no TOML. */
function appTriggers(text: string): AppTriggers {
  const root = record(new PlainToml(parseTomlDocument(text)).value);
  const trigger = record(root["trigger"]);
  const tables = Array.isArray(trigger["cron"]) ? trigger["cron"].map(record) : [];
  const ids = triggerIds(tables, "cron");
  const name = record(root["application"])["name"];
  return {
    name: typeof name === "string" ? name : "",
    kinds: Object.keys(trigger),
    cron: tables.map(({ cron_expression: expression }, index) => ({
      id: ids[index] ?? "",
      expression: typeof expression === "string" ? expression : "",
    })),
  };
}

/** How an app with these triggers runs: what ends is a Job, what has a schedule a CronJob. */
export function workloadKind(triggers: AppTriggers | undefined): WorkloadKind {
  const [only, ...others] = triggers?.kinds ?? [];
  if (others.length > 0) return "spinapp";
  if (only === "command") return "job";
  return only === "cron" ? "cronjob" : "spinapp";
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
