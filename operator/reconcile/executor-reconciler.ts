import { executorFinalizer } from "../api/names.ts";
import type { SpinApp } from "../api/spin-app.ts";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import type { KubeClient } from "../kube/client.ts";
import { isKubeError } from "../kube/kube-error.ts";
import { keyText } from "../kube/object.ts";
import type { ObjectKey } from "../kube/object.ts";
import type { Outcome } from "./app-reconciler.ts";
import { spinAppExecutors } from "./resources.ts";
import { appsUsing } from "./triggers.ts";
import type { Watched } from "./watched.ts";

export interface ExecutorReconcilerDependencies {
  readonly client: KubeClient;
  readonly watched: Watched;
  /** Tells that an executor cannot be deleted yet. */
  readonly blocked: (executor: SpinAppExecutor, note: string) => void;
}

/** Keeps an executor from being deleted while apps use it: of its namespace, or of any if shared. */
export class ExecutorReconciler {
  readonly #deps: ExecutorReconcilerDependencies;
  readonly #told = new Set<string>();

  constructor(dependencies: ExecutorReconcilerDependencies) {
    this.#deps = dependencies;
  }

  /** Woken by changes of the executor and of its apps, so a blocked deletion needs no timer. */
  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    const { watched } = this.#deps;
    const executor = watched.executors.store.get(keyText(key));
    if (executor === undefined) return done;
    const { finalizers = [], deletionTimestamp } = executor.metadata;
    const isGuarded = finalizers.includes(executorFinalizer);
    if (deletionTimestamp === undefined) {
      if (isGuarded) return done;
      return await this.#setFinalizers(executor, [...finalizers, executorFinalizer], signal);
    }
    if (!isGuarded) return done;
    const apps = appsUsing(watched, executor);
    if (apps.length > 0) {
      this.#tell(executor, apps);
      return done;
    }
    const rest = finalizers.filter((finalizer) => finalizer !== executorFinalizer);
    return await this.#setFinalizers(executor, rest, signal);
  }

  #tell(executor: SpinAppExecutor, apps: readonly SpinApp[]): void {
    const { uid = "" } = executor.metadata;
    if (this.#told.has(uid)) return;
    this.#told.add(uid);
    const note = "Cannot delete SpinAppExecutor with dependent SpinApps";
    const [first] = apps.map(({ metadata }) => keyText(metadata)).toSorted();
    const more = apps.length === 1 ? "" : ` and ${apps.length - 1} more`;
    this.#deps.blocked(executor, `${note}: ${first ?? ""}${more}`);
  }

  async #setFinalizers(
    executor: SpinAppExecutor,
    finalizers: readonly string[],
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { resourceVersion } = executor.metadata;
    const patch = { metadata: { resourceVersion, finalizers } };
    try {
      await this.#deps.client.patch(spinAppExecutors, executor.metadata, patch, { signal });
    } catch (error) {
      // Changed or gone meanwhile: its own event brings us back.
      if (!isKubeError(error, "Conflict", "NotFound", "Invalid")) throw error;
    }
    return done;
  }
}

const done: Outcome = { kind: "done" };
