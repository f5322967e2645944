import { normalize } from "node:path";
import type { App } from "../../runtime/app/app.ts";
import type { RuntimeConfig } from "../../runtime/app/runtime-config.ts";

/**
 * Why an app cannot be run beside those of other pods, for the log; undefined if it can. Everything
 * that a shared host connects to has to go through the pod's network, and every file that it opens
 * has to be the pod's own: what is left out here does not keep to that.
 */
export function whyUnsuitable(
  app: Pick<App, "eventTriggers">,
  config: RuntimeConfig,
  statePath: string,
): string | undefined {
  for (const { kind } of app.eventTriggers) {
    // A command may take as long as it likes, and others would have to wait for it.
    if (kind !== "cron") return `it has a ${kind} trigger`;
  }
  return whyConfigUnsuitable(config, statePath);
}

function whyConfigUnsuitable(config: RuntimeConfig, statePath: string): string | undefined {
  const isOwn = (path: string | undefined): boolean =>
    path === undefined || normalize(path).startsWith(`${statePath}/`);
  for (const [label, store] of config.keyValueStores) {
    if (store.type !== "spin") return `its key-value store "${label}" is of type ${store.type}`;
    if (!isOwn(store.path)) return `its key-value store "${label}" has a path of its own`;
  }
  for (const [label, database] of config.sqliteDatabases) {
    if (database.type !== "spin") return `its database "${label}" is of type ${database.type}`;
    if (!isOwn(database.path)) return `its database "${label}" has a path of its own`;
    if (database.allowAttachFile) return `its database "${label}" may attach files`;
  }
  for (const provider of config.variableProviders) {
    if (provider.type === "static") continue;
    if (provider.type !== "env") return `it has variables of type ${provider.type}`;
    if (!isOwn(provider.dotenvPath)) return "it has variables in a file";
  }
  if (config.clientTls.length > 0) return "it has certificates of its own";
  if (!isOwn(config.logDirectory)) return "it has a folder for logs";
  return config.stateDirectory === statePath ? undefined : "it has a folder for state";
}
