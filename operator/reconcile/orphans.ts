import { runtimeConfigKey } from "../api/names.ts";
import type { SpinApp } from "../api/spin-app.ts";
import type { Children } from "../desired/children.ts";
import { childList } from "../desired/children.ts";
import { controllerOf, keyText } from "../kube/object.ts";
import type { KubeObject } from "../kube/object.ts";
import type { ObservedDeployment } from "../status/observed.ts";
import { hasFinished } from "../status/job-findings.ts";
import type { RecentWrites } from "./recent-writes.ts";
import { childCache, indexes } from "./watched.ts";
import type { Watched } from "./watched.ts";

export interface Orphan {
  readonly kind: string;
  readonly object: KubeObject;
}

/** Kinds of which an app has at most one, with its own name. */
const single = [
  "Deployment",
  "Service",
  "CronJob",
  "HorizontalPodAutoscaler",
  "PodDisruptionBudget",
] as const;

/** Where it is looked up what there is, also what was written a moment ago. */
export interface Known {
  readonly watched: Watched;
  readonly recent: RecentWrites;
}

/** What an app controls and no longer needs. Only what it controls: never anything of others. */
export function orphans(app: SpinApp, children: Children, known: Known): readonly Orphan[] {
  const { watched } = known;
  const wanted = new Set(
    childList(children).map(({ kind, metadata }) => `${kind} ${metadata.name}`),
  );
  const key = keyText(app.metadata);
  const { uid } = app.metadata;
  const named = single.flatMap((kind): Orphan[] => {
    const object = childCache(watched, kind).store.get(key);
    return object === undefined ? [] : [{ kind, object }];
  });
  const jobs = watched.jobs.store
    .byIndex(indexes.byApp, key)
    .map((object): Orphan => ({ kind: "Job", object }));
  const left = [...named, ...jobs].filter(
    ({ kind, object }) =>
      controllerOf(object)?.uid === uid &&
      object.metadata.deletionTimestamp === undefined &&
      !wanted.has(`${kind} ${object.metadata.name}`),
  );
  return [...left, ...oldConfigurations(app, children, known)];
}

/**
 * Runtime configurations of former versions. They stay while a pod of a former version may start or
 * restart, which mounts its Secret anew.
 */
function oldConfigurations(app: SpinApp, children: Children, known: Known): readonly Orphan[] {
  if (mayStartFormer(app, children, known)) return [];
  const { runtimeConfig } = children;
  return known.watched.secrets.store
    .byIndex(indexes.byApp, keyText(app.metadata))
    .filter(
      ({ metadata, data }) =>
        metadata.name !== runtimeConfig?.metadata.name &&
        metadata.name.startsWith(`${app.metadata.name}-`) &&
        metadata.deletionTimestamp === undefined &&
        runtimeConfigKey in (data ?? {}) &&
        metadata.ownerReferences?.some(({ uid }) => uid === app.metadata.uid) === true,
    )
    .map((object): Orphan => ({ kind: "Secret", object }));
}

function mayStartFormer(
  { metadata }: SpinApp,
  { workload }: Children,
  { watched, recent }: Known,
): boolean {
  if (workload?.kind === "Deployment")
    return !isRolledOut(recent.newest(watched.deployments, metadata));
  if (workload?.kind !== "Job" && workload?.kind !== "CronJob") return false;
  const { cronJobs, jobs } = watched;
  // Before its change has come back, the CronJob may start another Job of the former version.
  const isTold = recent.newest(cronJobs, metadata) === cronJobs.store.get(keyText(metadata));
  return (
    !isTold ||
    jobs.store
      .byIndex(indexes.byApp, keyText(metadata))
      .some((job) => job.metadata.name !== workload.metadata.name && !hasFinished(job))
  );
}

function isRolledOut(deployment: ObservedDeployment | undefined): boolean {
  if (deployment?.status === undefined) return false;
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0 } = deployment.status;
  const { availableReplicas = 0 } = deployment.status;
  const isSeen = observedGeneration >= (deployment.metadata.generation ?? 0);
  const wanted = deployment.spec?.replicas ?? 1;
  return isSeen && replicas === updatedReplicas && availableReplicas >= wanted;
}
