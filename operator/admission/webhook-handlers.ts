import type { SpinApp } from "../api/spin-app.ts";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import type { ExecutorChoice } from "../desired/executor.ts";
import type { AdmissionAnswer, AdmissionHandler } from "../kube/admission-server.ts";
import { defaultApp, validateAppAdmission, validateExecutorAdmission } from "./app-admission.ts";
import { webhookPaths } from "./webhook-paths.ts";

/** Where executors are looked up. */
export interface Executors {
  /** Those that an app of this namespace can use, as far as the caches know. */
  choice(namespace: string): ExecutorChoice;
  /** The executor itself, asked of the API server; undefined where there is none. */
  fetch(namespace: string, name: string, signal: AbortSignal): Promise<SpinAppExecutor | undefined>;
}

const allowed: AdmissionAnswer = { kind: "allowed" };

/** What is done at each path. Objects of namespaces that are not `isWatched` pass. */
export function webhookHandlers(
  executors: Executors,
  isWatched: (namespace: string) => boolean,
): Readonly<Record<string, AdmissionHandler>> {
  const watched =
    (handle: AdmissionHandler): AdmissionHandler =>
    async (request, signal) =>
      isWatched(request.namespace ?? "") ? await handle(request, signal) : allowed;
  return {
    [webhookPaths.mutateApp]: watched(
      async ({ object, namespace = "" }) =>
        await Promise.resolve(defaultApp(object as SpinApp, executors.choice(namespace))),
    ),
    [webhookPaths.validateApp]: watched(async ({ object, namespace = "" }, signal) => {
      const app = object as SpinApp;
      const first = validateAppAdmission(app, executors.choice(namespace));
      if (first.kind !== "denied" || !first.causes.some(isAboutExecutor)) return first;
      // Applied in one go with its executor, an app may be here before the watch has told of it.
      const { executor: name } = app.spec;
      const executor = name ? await executors.fetch(namespace, name, signal) : undefined;
      if (executor === undefined) return first;
      const { shared } = executors.choice(namespace);
      return validateAppAdmission(app, { own: [executor], shared });
    }),
    [webhookPaths.mutateExecutor]: async () => await Promise.resolve(allowed),
    [webhookPaths.validateExecutor]: watched(
      async ({ object }) =>
        await Promise.resolve(validateExecutorAdmission(object as SpinAppExecutor)),
    ),
  };
}

function isAboutExecutor({ field }: { readonly field: string }): boolean {
  return field === "spec.executor";
}
