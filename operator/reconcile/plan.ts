import { referencesAnnotation } from "../api/names.ts";
import type { SpinApp } from "../api/spin-app.ts";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import { desiredChildren } from "../desired/children.ts";
import type { Children } from "../desired/children.ts";
import { resolveExecutor } from "../desired/executor.ts";
import type { ResolvedExecutor } from "../desired/executor.ts";
import {
  missingReferences,
  referencesDigest,
  rolloutReferences,
  startReferences,
} from "../desired/references.ts";
import type { ReferencedValues } from "../desired/runtime-config.ts";
import { validateApp, validateExecutorUse } from "../desired/validate-app.ts";
import { OperatorError } from "../error.ts";
import type { KubeObject } from "../kube/object.ts";
import type { Blocked } from "../status/app-status.ts";

/** What is known when it is decided what should be. */
export interface PlanInput {
  readonly app: SpinApp;
  readonly own: readonly SpinAppExecutor[];
  readonly shared: readonly SpinAppExecutor[];
  readonly values: ReferencedValues;
  readonly deployment: KubeObject | undefined;
}

/** What should be, or why that cannot be said. */
export interface Plan {
  readonly executor: ResolvedExecutor | undefined;
  readonly children: Children | undefined;
  readonly blocked: Blocked | undefined;
  readonly advice: readonly string[];
  readonly missing: readonly string[];
  readonly referencesBaseline: string | undefined;
}

/** Decides what should exist for an app: pure, never throws for what an app says. */
export function planApp(input: PlanInput): Plan {
  const { app, own, shared } = input;
  const nothing: Plan = {
    executor: undefined,
    children: undefined,
    blocked: undefined,
    advice: [],
    missing: [],
    referencesBaseline: app.status?.referencesBaseline,
  };
  const broken = validateApp(app).filter(({ fatal }) => fatal);
  if (broken.length > 0) {
    const message = broken.map(({ field, message: text }) => `${field}: ${text}`).join("; ");
    return { ...nothing, blocked: { reason: "InvalidSpec", message, needsPerson: true } };
  }
  let executor: ResolvedExecutor;
  try {
    executor = resolveExecutor(app.spec.executor ?? "", { own, shared });
  } catch (error) {
    return { ...nothing, blocked: blockedBy(error, "MissingExecutor", true) };
  }
  try {
    return { ...nothing, executor, ...childrenPlan(input, executor) };
  } catch (error) {
    const isMissing = error instanceof OperatorError && error.code === "missing";
    const reason = isMissing ? "ReferenceMissing" : "InvalidSpec";
    return { ...nothing, executor, blocked: blockedBy(error, reason, !isMissing) };
  }
}

function childrenPlan(
  { app, values, deployment }: PlanInput,
  executor: ResolvedExecutor,
): Pick<Plan, "children" | "advice" | "missing" | "referencesBaseline"> {
  const references = startReferences(app.spec, executor.spec.deploymentConfig);
  const missing = missingReferences(references, values);
  const rollout = rolloutReferences({
    current: app.spec.job === undefined ? referencesDigest(references, values) : undefined,
    baseline: app.status?.referencesBaseline,
    annotation: templateAnnotations(deployment)[referencesAnnotation],
    isMissing: missing.length > 0,
  });
  const children = desiredChildren({ app, executor, values, references: rollout.annotation });
  const advice = [...validateApp(app), ...validateExecutorUse(app, executor)];
  return {
    children,
    missing,
    referencesBaseline: rollout.baseline,
    advice: advice.map(({ field, message }) => `${field}: ${message}`),
  };
}

interface WithTemplate extends KubeObject {
  readonly spec?: {
    readonly template?: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
    };
  };
}

function templateAnnotations(
  deployment: WithTemplate | undefined,
): Readonly<Record<string, string>> {
  return deployment?.spec?.template?.metadata?.annotations ?? {};
}

function blockedBy(error: unknown, reason: string, needsPerson: boolean): Blocked {
  if (!(error instanceof OperatorError)) throw error;
  return { reason, message: error.message, needsPerson };
}
