import type { SpinApp } from "../api/spin-app.ts";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import { resolveExecutor } from "../desired/executor.ts";
import type { ExecutorChoice, ResolvedExecutor } from "../desired/executor.ts";
import { validateApp, validateExecutorUse } from "../desired/validate-app.ts";
import { OperatorError } from "../error.ts";
import type { AdmissionAnswer } from "../kube/admission-server.ts";
import { denialOf } from "./denial.ts";
import type { FieldProblem } from "./denial.ts";

const executorMissing =
  "executor must be set, likely no default executor was set because you have no executors installed";

/**
 * Names an executor where none is given: the first by name among those that the app can use, else
 * the built-in one (spin-operator looks in other namespaces too, and then refuses what it chose).
 */
export function defaultApp(app: SpinApp, choice: ExecutorChoice): AdmissionAnswer {
  // The schema has not looked yet: what is no spec is refused there.
  const { spec } = app as Partial<SpinApp>;
  if (typeof spec !== "object" || spec === null || spec.executor) return { kind: "allowed" };
  const { name } = resolveExecutor("", choice);
  return { kind: "patched", patch: [{ op: "add", path: "/spec/executor", value: name }] };
}

/** What spin-operator's webhook refuses, in its order and words, and then what it forgets. */
export function validateAppAdmission(app: SpinApp, choice: ExecutorChoice): AdmissionAnswer {
  // Finalizers of an app that goes have to be removable, whatever is wrong with it.
  if (app.metadata.deletionTimestamp !== undefined) return { kind: "allowed" };
  const { executor, problem } = executorOf(app, choice);
  const use = executor === undefined ? [] : validateExecutorUse(app, executor);
  const rest = [...use, ...validateApp(app)].toSorted((a, b) => rank(a) - rank(b));
  return denialOf("SpinApp", app, [...problem, ...rest]);
}

/** Upstream's order: replicas, annotations, limits; the rest stays as it is, behind. */
const order = [
  "spec.replicas",
  "spec.deploymentAnnotations",
  "spec.podAnnotations",
  "spec.invocationLimits[memory]",
];

function rank({ field }: FieldProblem): number {
  const place = order.indexOf(field);
  return place === -1 ? order.length : place;
}

function executorOf(
  { spec }: SpinApp,
  choice: ExecutorChoice,
): { readonly executor?: ResolvedExecutor; readonly problem: readonly FieldProblem[] } {
  const field = "spec.executor";
  if (!spec.executor) return { problem: [{ field, message: executorMissing }] };
  try {
    return { executor: resolveExecutor(spec.executor, choice), problem: [] };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { problem: [{ field, message: "executor does not exist in namespace" }] };
  }
}

/** An executor says in exactly one way how apps run. */
export function validateExecutorAdmission(executor: SpinAppExecutor): AdmissionAnswer {
  if (executor.metadata.deletionTimestamp !== undefined) return { kind: "allowed" };
  const { createDeployment, deploymentConfig } = executor.spec;
  if (deploymentConfig === undefined) {
    const message =
      "deploymentConfig must be set when createDeployment is true: give runtimeClassName or spinImage";
    const problems = createDeployment ? [{ field: "spec.deploymentConfig", message }] : [];
    return denialOf("SpinAppExecutor", executor, problems);
  }
  const { runtimeClassName, spinImage } = deploymentConfig;
  const field = "spec.deploymentConfig.runtimeClassName";
  const given = [runtimeClassName, spinImage].filter((value) => value !== undefined).length;
  if (given === 1) return { kind: "allowed" };
  const message =
    given === 2
      ? "runtimeClassName and spinImage are mutually exclusive"
      : "either runtimeClassName or spinImage must be set";
  return denialOf("SpinAppExecutor", executor, [{ field, message }]);
}
