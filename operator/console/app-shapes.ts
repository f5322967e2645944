import type {
  AppCondition,
  AppDetail,
  AppSummary,
  AppUsage,
  ComponentDetail,
  Failure,
  Usage,
  Workload,
} from "../../runtime/telemetry/admin/console-api.ts";
import type { SpinApp } from "../api/spin-app.ts";
import { keyText } from "../kube/object.ts";
import { limits } from "../limits.ts";
import type { ObservedDeployment, ObservedPod } from "../status/observed.ts";
import { podProblem } from "../status/pod-problem.ts";
import { appHealth, conditionOf } from "./app-health.ts";
import { remedyFor } from "./remedies.ts";

/** The operator sees no requests. */
export const noUsage: Usage = {
  requestsPerSecond: 0,
  errorsPerSecond: 0,
  coldStartsPerSecond: 0,
  inFlight: 0,
  requestsTotal: 0,
  errorsTotal: 0,
  coldStartsTotal: 0,
  limitHitsTotal: 0,
};

/** An app in a list. */
export function summaryOf(app: SpinApp, deployment: ObservedDeployment | undefined): AppSummary {
  const { name, namespace } = app.metadata;
  const failure = readyFailure(app);
  return {
    id: keyText(app.metadata),
    name,
    namespace,
    ...(app.status?.url === undefined ? {} : { url: app.status.url }),
    ...appHealth(app),
    componentCount: containersOf(app).length,
    triggers: [],
    usage: noUsage,
    workload: workloadOf(app, deployment),
    ...(failure === undefined ? {} : { lastFailure: failure }),
  };
}

/** What of an app changes, for those who know the rest. */
export function changeOf(app: SpinApp, deployment: ObservedDeployment | undefined): AppUsage {
  return {
    id: keyText(app.metadata),
    ...appHealth(app),
    usage: noUsage,
    workload: workloadOf(app, deployment),
  };
}

/** What is known of one app beside itself. */
export interface AppSurroundings {
  readonly deployment: ObservedDeployment | undefined;
  /** Those that the caller may see. */
  readonly pods: readonly ObservedPod[];
  /** Whether the app's own container is a Wasm function. */
  readonly isWasm: boolean;
}

/** Everything about one app. */
export function detailOf(app: SpinApp, around: AppSurroundings): AppDetail {
  const first = readyFailure(app);
  const failures = [...(first === undefined ? [] : [first]), ...podFailures(app, around.pods)];
  return {
    ...summaryOf(app, around.deployment),
    warnings: warningsOf(app),
    components: containersOf(app).map((container, at) => componentOf(container, at, around)),
    failures: failures.slice(0, limits.consoleFailuresMax),
    history: [],
    latency: { boundsMs: [], counts: [] },
    conditions: (app.status?.conditions ?? []).map(appCondition),
  };
}

/** Why an app is not ready, with what to do; undefined where nothing is wrong. */
export function readyFailure(app: SpinApp): Failure | undefined {
  const { health } = appHealth(app);
  const ready = conditionOf(app.status?.conditions, "Ready");
  if ((health !== "failing" && health !== "degraded") || ready === undefined) return undefined;
  return {
    atMs: timeMs(ready.lastTransitionTime),
    app: keyText(app.metadata),
    component: app.metadata.name,
    code: ready.reason,
    message: ready.message,
    remedy: remedyFor(ready.reason),
  };
}

/** What keeps single pods from running; the condition tells one of them. */
function podFailures(app: SpinApp, pods: readonly ObservedPod[]): readonly Failure[] {
  const told = conditionOf(app.status?.conditions, "Ready")?.message;
  return pods.flatMap((pod) => {
    const problem = podProblem([pod], []);
    if (problem === undefined || problem.message === told) return [];
    return [
      {
        atMs: timeMs(pod.metadata.creationTimestamp),
        app: keyText(app.metadata),
        component: pod.metadata.name,
        code: problem.reason,
        message: problem.message,
        remedy: remedyFor(problem.reason),
      },
    ];
  });
}

/** Of the conditions that are not summed up in Ready. */
function warningsOf({ status }: SpinApp): readonly string[] {
  const ready = conditionOf(status?.conditions, "Ready");
  return (["Available", "Progressing"] as const).flatMap((type) => {
    const found = conditionOf(status?.conditions, type);
    if (found?.status !== "False" || ready?.status === "True") return [];
    return found.message === ready?.message ? [] : [`${found.reason}: ${found.message}`];
  });
}

function appCondition(condition: NonNullable<SpinAppConditions>[number]): AppCondition {
  const { type, status, reason, message, lastTransitionTime } = condition;
  return { type, status, sinceMs: timeMs(lastTransitionTime), reason, message };
}

type SpinAppConditions = NonNullable<SpinApp["status"]>["conditions"];

function workloadOf(app: SpinApp, deployment: ObservedDeployment | undefined): Workload {
  const { spec, status } = app;
  const kind = kindOf(app);
  const wanted = deployment?.spec?.replicas ?? spec.replicas ?? 1;
  return {
    ...(kind === undefined ? {} : { kind }),
    image: spec.image,
    executor: status?.activeScheduler ?? spec.executor,
    readyPods: status?.readyReplicas ?? 0,
    wantedPods: kind === "CronJob" ? 0 : kind === "Job" ? (status?.replicas ?? 0) : wanted,
  };
}

function kindOf({ spec, status }: SpinApp): Workload["kind"] {
  if (conditionOf(status?.conditions, "Ready")?.reason === "ManagedElsewhere") return undefined;
  if (spec.job === undefined) return "Deployment";
  return spec.job.schedule === undefined ? "Job" : "CronJob";
}

interface Container {
  readonly name: string;
  readonly image: string;
}

/** The app's own container first, as in its pods. */
function containersOf({ metadata, spec }: SpinApp): readonly Container[] {
  const others = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  return [
    { name: metadata.name, image: spec.image },
    ...others.map(({ name, ...rest }) => ({ name, image: textOf(rest["image"]) })),
  ];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function componentOf(
  { name, image }: Container,
  at: number,
  { isWasm }: AppSurroundings,
): ComponentDetail {
  return {
    id: name,
    kind: at === 0 && isWasm ? "wasm" : "container",
    source: image,
    usage: noUsage,
  };
}

/** A time of the API as milliseconds; 0 for none. */
export function timeMs(text: string | undefined): number {
  const parsed = Date.parse(text ?? "");
  return Number.isNaN(parsed) ? 0 : parsed;
}
