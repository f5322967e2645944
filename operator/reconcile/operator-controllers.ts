import { isDeepStrictEqual } from "node:util";
import { apiVersion } from "../api/names.ts";
import type { Caches } from "../kube/caches.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Clock } from "../kube/clock.ts";
import { Controller, source } from "../kube/controller.ts";
import type { Source } from "../kube/controller.ts";
import type { Log } from "../kube/log.ts";
import type { OperatorMetrics } from "../kube/metrics.ts";
import type { KubeObject } from "../kube/object.ts";
import { AppReconciler } from "./app-reconciler.ts";
import { CertificateProvider } from "./certificate-provider.ts";
import { ChildrenWriter } from "./children-writer.ts";
import { ExecutorReconciler } from "./executor-reconciler.ts";
import { RecentWrites } from "./recent-writes.ts";
import type { DataObject } from "./resources.ts";
import {
  appsOfChild,
  appsOfExecutor,
  appsOfReference,
  executorsOfApp,
  executorsOfExecutor,
} from "./triggers.ts";
import { watchAll } from "./watched.ts";
import type { Watched, WatchScope } from "./watched.ts";

/** An event for people about an object. */
export interface Announcement {
  readonly regarding: KubeObject & { readonly apiVersion: string; readonly kind: string };
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

export interface OperatorDependencies {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly scope: WatchScope;
  /** The public certificate authorities, as PEM. */
  readonly certificates: string;
  /** Writes an event; never throws, never waits. */
  readonly announce: (announcement: Announcement) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: OperatorMetrics | undefined;
  /** Apps that are worked on at the same time. */
  readonly concurrency: number;
}

/** Builds the controllers of apps and executors over shared caches; the caller runs both. */
export function operatorControllers(deps: OperatorDependencies): readonly Controller[] {
  const { client, caches, scope, clock, log, metrics } = deps;
  const watched = watchAll(caches, scope);
  const recent = new RecentWrites(clock);
  for (const cache of Object.values(watched) as Watched["services"][]) recent.follow(cache);
  const writer = new ChildrenWriter({ client, watched, recent });
  const { certificates: text } = deps;
  const certificates = new CertificateProvider({
    client,
    secrets: watched.secrets,
    certificates: text,
  });
  certificates.follow();
  const apps = new AppReconciler({
    client,
    watched,
    recent,
    writer,
    certificates,
    clock,
    announcer: {
      announce: (app, event) =>
        deps.announce({
          ...event,
          regarding: { ...app, apiVersion, kind: "SpinApp" },
          action: "Reconcile",
        }),
    },
  });
  const executors = new ExecutorReconciler({
    client,
    watched,
    blocked: (executor, note) =>
      deps.announce({
        regarding: { ...executor, apiVersion, kind: "SpinAppExecutor" },
        type: "Warning",
        reason: "DeletionBlocked",
        action: "Delete",
        note,
      }),
  });
  const common = { clock, log, ...(metrics === undefined ? {} : { metrics }) };
  return [
    new Controller({
      ...common,
      name: "spinapp",
      concurrency: deps.concurrency,
      sources: appSources(watched),
      reconcile: async (key, { signal }) => await apps.reconcile(key, signal),
    }),
    new Controller({
      ...common,
      name: "spinappexecutor",
      concurrency: 1,
      sources: [
        source(watched.executors, (executor) => executorsOfExecutor(watched, executor)),
        source(watched.apps, (app) => executorsOfApp(watched, app), { changed: specChanged }),
      ],
      reconcile: async (key, { signal }) => await executors.reconcile(key, signal),
    }),
  ];
}

function appSources(watched: Watched): readonly Source[] {
  const child = (object: KubeObject): ReturnType<typeof appsOfChild> =>
    appsOfChild(watched, object);
  return [
    source(watched.apps, ({ metadata }) => [metadata], { changed: specChanged }),
    source(watched.executors, (executor) => appsOfExecutor(watched, executor)),
    ...(watched.sharedExecutors === watched.executors
      ? []
      : [source(watched.sharedExecutors, (executor) => appsOfExecutor(watched, executor))]),
    source(watched.deployments, child),
    source(watched.services, child),
    source(watched.pods, child, { changed: statusChanged }),
    source(watched.jobs, child),
    source(watched.cronJobs, child),
    source(watched.autoscalers, child, { changed: specChanged }),
    source(watched.disruptionBudgets, child, { changed: specChanged }),
    source(
      watched.secrets,
      (secret) => [...child(secret), ...appsOfReference(watched, "Secret", secret)],
      { changed: dataChanged },
    ),
    source(watched.configMaps, (object) => appsOfReference(watched, "ConfigMap", object), {
      changed: dataChanged,
    }),
  ];
}

/** Our own status writes need no further look; a status that somebody has removed does. */
function specChanged(object: KubeObject, old: KubeObject): boolean {
  const { metadata } = object;
  return (
    metadata.generation !== old.metadata.generation ||
    metadata.deletionTimestamp !== old.metadata.deletionTimestamp ||
    ("status" in old && !("status" in object))
  );
}

function statusChanged(
  { metadata, status }: KubeObject & { readonly status?: unknown },
  old: KubeObject & { readonly status?: unknown },
): boolean {
  return (
    metadata.deletionTimestamp !== old.metadata.deletionTimestamp ||
    !isDeepStrictEqual(status, old.status)
  );
}

function dataChanged({ metadata, data }: DataObject, old: DataObject): boolean {
  return (
    !isDeepStrictEqual(data, old.data) ||
    !isDeepStrictEqual(metadata.ownerReferences, old.metadata.ownerReferences)
  );
}
