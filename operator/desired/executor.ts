import { builtInExecutorName, builtInRuntimeClass } from "../api/names.ts";
import type { SpinAppExecutor, SpinAppExecutorSpec } from "../api/spin-app-executor.ts";
import { OperatorError } from "../error.ts";

/** The executor of an app, wherever it comes from. */
export interface ResolvedExecutor {
  readonly name: string;
  readonly spec: SpinAppExecutorSpec;
  /** The app's own namespace, the operator's namespace (cluster-wide), or no object at all. */
  readonly from: "namespace" | "cluster" | "built-in";
}

/** Executors that an app could mean. */
export interface ExecutorChoice {
  /** Those of the app's namespace. */
  readonly own: readonly SpinAppExecutor[];
  /** Those of the operator's namespace; only the ones marked as cluster default count. */
  readonly shared: readonly SpinAppExecutor[];
}

/** Used where nobody has installed an executor. */
export const builtInExecutor: ResolvedExecutor = {
  name: builtInExecutorName,
  from: "built-in",
  spec: {
    createDeployment: true,
    deploymentConfig: { runtimeClassName: builtInRuntimeClass, installDefaultCACerts: true },
  },
};

/**
 * Finds an executor by name: the app's namespace first, then the cluster's defaults, then the
 * built-in one. No name means the first one by name, as upstream's webhook chooses, but only among
 * those that the app can use. Throws `missing` for a name that nobody has.
 */
export function resolveExecutor(name: string, choice: ExecutorChoice): ResolvedExecutor {
  const shared = choice.shared.filter(({ spec }) => spec.clusterDefault === true);
  const found = pick(name, choice.own, "namespace") ?? pick(name, shared, "cluster");
  if (found !== undefined) return found;
  if (name === "" || name === builtInExecutorName) return builtInExecutor;
  throw new OperatorError(
    "missing",
    `SpinAppExecutor ${name} does not exist in this namespace and is no cluster default: create it, or name one of: ${names(choice.own, shared)}`,
  );
}

function pick(
  name: string,
  executors: readonly SpinAppExecutor[],
  from: ResolvedExecutor["from"],
): ResolvedExecutor | undefined {
  const found =
    name === ""
      ? executors.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))[0]
      : executors.find(({ metadata }) => metadata.name === name);
  return found === undefined ? undefined : { name: found.metadata.name, spec: found.spec, from };
}

function names(own: readonly SpinAppExecutor[], shared: readonly SpinAppExecutor[]): string {
  const known = [...own, ...shared].map(({ metadata }) => metadata.name);
  return [...new Set([...known, builtInExecutorName])].toSorted().join(", ");
}
