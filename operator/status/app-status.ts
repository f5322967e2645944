import type { SpinApp, SpinAppStatus } from "../api/spin-app.ts";
import { isAutoscaled, selectorText } from "../desired/deployment.ts";
import type { Children } from "../desired/children.ts";
import type { ResolvedExecutor } from "../desired/executor.ts";
import { present } from "../desired/manifest.ts";
import type { KubeObject } from "../kube/object.ts";
import { mergeConditions } from "./conditions.ts";
import type { Finding } from "./conditions.ts";
import { deploymentFindings } from "./deployment-findings.ts";
import { formerJobFindings, hasFinished, jobFindings } from "./job-findings.ts";
import type { ObservedDeployment, ObservedEvent, ObservedJob, ObservedPod } from "./observed.ts";
import { newestFirst, podProblem } from "./pod-problem.ts";
import type { Problem } from "./pod-problem.ts";

/** Everything that a status is computed from. */
export interface StatusInput {
  readonly app: SpinApp;
  readonly now: Date;
  /** Undefined where it could not be found. */
  readonly executor: ResolvedExecutor | undefined;
  /** Undefined where something keeps them from being made: see `blocked`. */
  readonly children: Children | undefined;
  readonly deployment: ObservedDeployment | undefined;
  readonly job: ObservedJob | undefined;
  readonly service: KubeObject | undefined;
  readonly pods: readonly ObservedPod[];
  readonly events: readonly ObservedEvent[];
  /** What keeps the operator from doing its part. */
  readonly blocked: Blocked | undefined;
  /** Referenced objects without which pods cannot start, in words. */
  readonly missing: readonly string[];
  /** See `rolloutReferences`. */
  readonly referencesBaseline: string | undefined;
  /** What is odd but does not keep the app from running. */
  readonly advice: readonly string[];
}

/** A reason that no waiting removes, or one that somebody else may remove any moment. */
export interface Blocked extends Problem {
  readonly needsPerson: boolean;
}

/** The status of an app: pure, the same input gives the same status. */
export function appStatus(input: StatusInput): SpinAppStatus {
  const { app, deployment, job, executor, children } = input;
  const previous = app.status?.conditions ?? [];
  const { generation, name } = app.metadata;
  const workload = children?.workload?.kind;
  const counts = deployment?.status;
  const conditions = mergeConditions(previous, findings(input), { now: input.now, generation });
  return present({
    conditions,
    activeScheduler: executor?.name ?? (app.spec.executor || undefined),
    observedGeneration: generation,
    deploymentName: deployment === undefined ? undefined : name,
    jobName: job?.metadata.name,
    finishedJob: finishedJob(input),
    serviceName: input.service?.metadata.name,
    url: input.service === undefined ? undefined : url(app),
    readyReplicas: counts?.readyReplicas ?? job?.status?.ready ?? 0,
    replicas: counts?.replicas ?? 0,
    updatedReplicas: counts?.updatedReplicas ?? 0,
    selector: workload === "Job" || workload === "CronJob" ? undefined : selectorText(app),
    image: app.spec.image,
    referencesBaseline: input.referencesBaseline,
    imageDigest: imageDigest(app, input.pods),
    runtimeConfigSecret:
      children?.runtimeConfig?.metadata.name ??
      (app.spec.runtimeConfig?.loadFromSecret || undefined),
  }) as SpinAppStatus;
}

function findings(input: StatusInput): readonly Finding[] {
  const { blocked, children, executor } = input;
  const found = deploymentFindings(input.deployment);
  if (blocked !== undefined) return [...blockedFindings(blocked), ...found];
  if (children?.workload === undefined) {
    const message = `the executor ${executor?.name ?? ""} runs this app; the operator keeps its Service`;
    return [ready("True", "ManagedElsewhere", message)];
  }
  const problem = missingProblem(input.missing) ?? podProblem(input.pods, input.events);
  if (children.workload.kind === "Job" || children.workload.kind === "CronJob") {
    const isFormer = input.job === undefined && finishedJob(input) !== undefined;
    return isFormer
      ? formerJobFindings(input.app.status?.conditions ?? [])
      : jobFindings(children.workload.kind, input.job, problem);
  }
  return [...rolloutFindings(input, problem), ...found];
}

/** Of the wanted Job; remembered where it is gone, so that nobody takes it for one to be made. */
function finishedJob({ app, children, job }: StatusInput): string | undefined {
  const { kind, metadata } = children?.workload ?? {};
  if (kind !== "Job") return undefined;
  const isFinished =
    job === undefined ? app.status?.finishedJob === metadata?.name : hasFinished(job);
  return isFinished ? metadata?.name : undefined;
}

/** Clearer than what the kubelet says of it, and said before there is a pod. */
function missingProblem(missing: readonly string[]): Problem | undefined {
  if (missing.length === 0) return undefined;
  return { reason: "ReferenceMissing", message: `${missing.join("; ")}: create it` };
}

function blockedFindings({ reason, message, needsPerson }: Blocked): readonly Finding[] {
  const type = needsPerson ? "Stalled" : "Reconciling";
  return [ready("False", reason, message), { type, status: "True", reason, message }];
}

function rolloutFindings(
  { app, deployment, advice }: StatusInput,
  problem: Problem | undefined,
): readonly Finding[] {
  const { status } = deployment ?? {};
  const wanted = isAutoscaled(app.spec)
    ? (deployment?.spec?.replicas ?? 1)
    : (app.spec.replicas ?? 1);
  const {
    updatedReplicas = 0,
    readyReplicas = 0,
    replicas = 0,
    availableReplicas = 0,
  } = status ?? {};
  const isSeen = (status?.observedGeneration ?? 0) >= (deployment?.metadata.generation ?? 1);
  const isDone =
    isSeen &&
    updatedReplicas >= wanted &&
    replicas <= updatedReplicas &&
    availableReplicas >= wanted;
  if (isDone) {
    const said = wanted === 0 ? "scaled to zero" : `${readyReplicas} of ${wanted} pods are ready`;
    const reason = wanted === 0 ? "ScaledToZero" : "AppReady";
    return [ready("True", reason, [said, ...advice].join("; "))];
  }
  const failure = status?.conditions?.find(
    ({ type, status: holds }) => type === "ReplicaFailure" && holds === "True",
  );
  const refused = failure && { reason: failure.reason, message: failure.message };
  const cause = problem ?? refused;
  const reason = cause?.reason ?? "Starting";
  const progress = `${readyReplicas} of ${wanted} pods are ready, ${updatedReplicas} of the newest version`;
  const message = cause?.message ?? progress;
  const isStuck = status?.conditions?.some(
    (condition) =>
      condition.type === "Progressing" && condition.reason === "ProgressDeadlineExceeded",
  );
  const type = isStuck === true && isSeen ? "Stalled" : "Reconciling";
  return [ready("False", reason, message), { type, status: "True", reason, message }];
}

/** The Ready condition. */
export function ready(status: "True" | "False", reason: string, message: string): Finding {
  return { type: "Ready", status, reason, message };
}

function url(app: SpinApp): string {
  const { name, namespace = "default" } = app.metadata;
  const port = app.spec.service?.port ?? 80;
  return `http://${name}.${namespace}.svc${port === 80 ? "" : `:${port}`}`;
}

/**
 * The digest is part of the reference, or the kubelet has resolved it: for the newest pods, since
 * those of a former version may have another image.
 */
function imageDigest(app: SpinApp, pods: readonly ObservedPod[]): string | undefined {
  const given = digestIn(app.spec.image);
  if (given !== undefined) return given;
  const [newest, ...others] = newestFirst(pods);
  for (const pod of [newest, ...others.filter((other) => template(other) === template(newest))]) {
    const container = pod?.status?.containerStatuses?.find(
      ({ name }) => name === app.metadata.name,
    );
    const digest = digestIn(container?.imageID ?? "");
    if (digest !== undefined) return digest;
  }
  return undefined;
}

/** Equal for pods of the same version of a Deployment. */
function template(pod: ObservedPod | undefined): string | undefined {
  return pod?.metadata.labels?.["pod-template-hash"];
}

function digestIn(reference: string): string | undefined {
  return /sha256:[0-9a-f]{64}$/u.exec(reference)?.[0];
}
