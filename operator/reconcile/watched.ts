import { appNameLabel } from "../api/names.ts";
import type { SpinApp } from "../api/spin-app.ts";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import { configReferences, startReferences } from "../desired/references.ts";
import type { Caches } from "../kube/caches.ts";
import { byNamespace } from "../kube/index-functions.ts";
import type { KubeObject } from "../kube/object.ts";
import type { ObjectCache } from "../kube/object-cache.ts";
import type { ObservedDeployment, ObservedJob, ObservedPod } from "../status/observed.ts";
import { compactApp, compactChild, compactData, compactPod } from "./compact.ts";
import * as resources from "./resources.ts";
import type { DataObject } from "./resources.ts";

/** Everything that the operator keeps in step with the API server. */
export interface Watched {
  readonly apps: ObjectCache<SpinApp>;
  readonly executors: ObjectCache<SpinAppExecutor>;
  /** Executors of the operator's namespace, of which some may be cluster defaults. */
  readonly sharedExecutors: ObjectCache<SpinAppExecutor>;
  readonly deployments: ObjectCache<ObservedDeployment>;
  readonly services: ObjectCache<KubeObject>;
  readonly secrets: ObjectCache<DataObject>;
  readonly configMaps: ObjectCache<DataObject>;
  readonly pods: ObjectCache<ObservedPod>;
  readonly jobs: ObjectCache<ObservedJob>;
  readonly cronJobs: ObjectCache<ObservedJob>;
  readonly autoscalers: ObjectCache<KubeObject>;
  readonly disruptionBudgets: ObjectCache<KubeObject>;
}

/** What is watched: one namespace, or all where it is absent. */
export interface WatchScope {
  readonly namespace: string | undefined;
  readonly operatorNamespace: string;
}

/** Names of the indexes. */
export const indexes = {
  /** Apps by `namespace/executor`. */
  appsByExecutor: "executor",
  /** Apps of all namespaces by the name of their executor. */
  appsByExecutorName: "executor-name",
  /** Apps by `Kind namespace/name` of what they take values from. */
  appsByReference: "reference",
  /** Children by `namespace/app`. */
  byApp: "app",
  byNamespace: "namespace",
  clusterDefaults: "cluster-default",
} as const;

/** Chooses the caches; run the `Caches` afterwards. */
export function watchAll(caches: Caches, scope: WatchScope): Watched {
  const { namespace, operatorNamespace } = scope;
  const here = namespace === undefined ? {} : { namespace };
  // Release records of Helm and tokens are many and large, and no app refers to them.
  const fieldSelector = "type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token";
  const ours = { ...here, labelSelector: appNameLabel };
  const executors = caches.of(resources.spinAppExecutors, { selection: here });
  const isElsewhere = namespace !== undefined && namespace !== operatorNamespace;
  const watched: Watched = {
    apps: caches.of(resources.spinApps, { selection: here, transform: compactApp }),
    executors,
    sharedExecutors: isElsewhere
      ? caches.of(resources.spinAppExecutors, { selection: { namespace: operatorNamespace } })
      : executors,
    deployments: caches.of(resources.deployments, { selection: here, transform: compactChild }),
    services: caches.of(resources.services, { selection: here, transform: compactChild }),
    secrets: caches.of(resources.secrets, {
      selection: { ...here, fieldSelector },
      transform: compactData,
    }),
    configMaps: caches.of(resources.configMaps, { selection: here, transform: compactData }),
    pods: caches.of(resources.pods, { selection: ours, transform: compactPod }),
    jobs: caches.of(resources.jobs, { selection: ours, transform: compactChild }),
    cronJobs: caches.of(resources.cronJobs, { selection: ours, transform: compactChild }),
    autoscalers: caches.of(resources.autoscalers, { selection: ours, transform: compactChild }),
    disruptionBudgets: caches.of(resources.disruptionBudgets, {
      selection: ours,
      transform: compactChild,
    }),
  };
  addIndexes(watched, operatorNamespace);
  return watched;
}

function addIndexes(watched: Watched, operatorNamespace: string): void {
  const { apps, pods, secrets, jobs, executors, sharedExecutors } = watched;
  executors.addIndex(indexes.byNamespace, byNamespace);
  sharedExecutors.addIndex(indexes.clusterDefaults, ({ metadata, spec }) =>
    metadata.namespace === operatorNamespace && spec.clusterDefault === true ? ["true"] : [],
  );
  apps.addIndex(indexes.appsByExecutor, ({ metadata, spec }) => [
    `${metadata.namespace}/${spec.executor}`,
  ]);
  apps.addIndex(indexes.appsByExecutorName, ({ spec }) => [spec.executor]);
  apps.addIndex(indexes.appsByReference, referenceKeys);
  for (const cache of [pods, secrets, jobs]) cache.addIndex(indexes.byApp, appKeys);
}

function referenceKeys(app: SpinApp): readonly string[] {
  const references = [...configReferences(app.spec), ...startReferences(app.spec, undefined)];
  return [
    ...new Set(references.map(({ kind, name }) => `${kind} ${app.metadata.namespace}/${name}`)),
  ];
}

/** `namespace/app` of a child, by its label. */
export function appKeys(child: KubeObject): readonly string[] {
  const name = child.metadata.labels?.[appNameLabel];
  return name === undefined ? [] : [`${child.metadata.namespace}/${name}`];
}

/** The cache of a kind of child. */
export function childCache(watched: Watched, kind: string): ObjectCache<KubeObject> {
  const caches: Readonly<Record<string, unknown>> = {
    Deployment: watched.deployments,
    Service: watched.services,
    Secret: watched.secrets,
    Job: watched.jobs,
    CronJob: watched.cronJobs,
    HorizontalPodAutoscaler: watched.autoscalers,
    PodDisruptionBudget: watched.disruptionBudgets,
  };
  const cache = caches[kind];
  if (cache === undefined) throw new TypeError(`${kind} is no kind of child`);
  return cache as ObjectCache<KubeObject>;
}
