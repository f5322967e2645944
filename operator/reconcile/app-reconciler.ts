import { apiVersion, fieldManager } from "../api/names.ts";
import type { SpinApp, SpinAppStatus } from "../api/spin-app.ts";
import { caSecret, childList } from "../desired/children.ts";
import { hasRun } from "../desired/job.ts";
import { OperatorError } from "../error.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Clock } from "../kube/clock.ts";
import { isKubeError } from "../kube/kube-error.ts";
import { keyText } from "../kube/object.ts";
import type { ObjectKey } from "../kube/object.ts";
import { limits } from "../limits.ts";
import { appStatus } from "../status/app-status.ts";
import type { Blocked } from "../status/app-status.ts";
import type { ObservedEvent, ObservedPod } from "../status/observed.ts";
import { isSilent } from "../status/pod-problem.ts";
import { cachedValues } from "./cached-values.ts";
import type { CertificateProvider } from "./certificate-provider.ts";
import type { ChildrenWriter } from "./children-writer.ts";
import { compactApp } from "./compact.ts";
import { orphans } from "./orphans.ts";
import { planApp } from "./plan.ts";
import type { Plan } from "./plan.ts";
import { PodEvents } from "./pod-events.ts";
import type { RecentWrites } from "./recent-writes.ts";
import { spinApps } from "./resources.ts";
import { isMinorChange, sameStatus } from "./status-change.ts";
import { indexes } from "./watched.ts";
import type { Watched } from "./watched.ts";

/** Tells people about an app, as an event. Never throws, never waits. */
export interface Announcer {
  announce(
    app: SpinApp,
    event: { readonly type: "Normal" | "Warning"; readonly reason: string; readonly note: string },
  ): void;
}

export interface AppReconcilerDependencies {
  readonly client: KubeClient;
  readonly watched: Watched;
  readonly recent: RecentWrites;
  readonly writer: ChildrenWriter;
  readonly certificates: CertificateProvider;
  readonly announcer: Announcer;
  readonly clock: Clock;
}

/** When the app is to be looked at again, beside changes. */
export type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "again"; readonly afterMs: number };

const done: Outcome = { kind: "done" };

/** Observe, desire, diff, apply, status: one pass over one app. Level-based, so any pass will do. */
export class AppReconciler {
  readonly #deps: AppReconcilerDependencies;
  /** Since when a status differs in numbers or words only, by app. */
  readonly #minorSinceMs = new Map<string, number>();
  readonly #podEvents: PodEvents;

  constructor(dependencies: AppReconcilerDependencies) {
    this.#deps = dependencies;
    this.#podEvents = new PodEvents(dependencies);
  }

  /** Throws what the API server refuses for reasons that may pass; the queue tries again. */
  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    const { recent, watched } = this.#deps;
    const app = recent.newest(watched.apps, key);
    if (app === undefined || app.metadata.deletionTimestamp !== undefined) {
      this.#minorSinceMs.delete(keyText(key));
      this.#podEvents.forget(keyText(key));
      this.#deps.writer.forget(key);
      return done;
    }
    const plan = this.#plan(app);
    const refused = plan.children === undefined ? undefined : await this.#write(app, plan, signal);
    const blocked = plan.blocked ?? refused;
    const outcome = await this.#report(app, { ...plan, blocked }, signal);
    return refused === undefined ? outcome : { kind: "again", afterMs: limits.refusedMs };
  }

  #plan(app: SpinApp): Plan {
    const { watched, recent } = this.#deps;
    const { namespace = "" } = app.metadata;
    const inNamespace = watched.executors.store.byIndex(indexes.byNamespace, namespace);
    const shared = watched.sharedExecutors.store.byIndex(indexes.clusterDefaults, "true");
    return planApp({
      app,
      own: inNamespace,
      shared,
      values: cachedValues(watched, namespace),
      deployment: recent.newest(watched.deployments, app.metadata),
    });
  }

  /** Applies the children in order, then removes what is left over. Returns why it could not. */
  async #write(app: SpinApp, plan: Plan, signal: AbortSignal): Promise<Blocked | undefined> {
    const { children } = plan;
    const { writer, certificates } = this.#deps;
    if (children === undefined) return undefined;
    try {
      if (children.caCertificates !== undefined) {
        const { namespace = "" } = app.metadata;
        await certificates.ensure(
          caSecret(namespace, children.caCertificates, certificates.text),
          signal,
        );
      }
      for (const child of childList(children)) {
        if (child.kind === "Secret") await writer.createSecret(app, child, signal);
        else if (!hasRun(app, child)) await writer.apply(app, child, signal);
      }
      for (const { kind, object } of orphans(app, children, this.#deps)) {
        await writer.remove(kind, object, signal);
      }
      return undefined;
    } catch (error) {
      const blocked = refusal(error);
      if (blocked === undefined) throw error;
      return blocked;
    }
  }

  async #report(app: SpinApp, plan: Plan, signal: AbortSignal): Promise<Outcome> {
    const { watched, recent, clock } = this.#deps;
    const key = keyText(app.metadata);
    const pods = watched.pods.store.byIndex(indexes.byApp, key);
    const workload = plan.children?.workload;
    const isJob = workload?.kind === "Job" || workload?.kind === "CronJob";
    const jobs = workload?.kind === "CronJob" ? watched.cronJobs : watched.jobs;
    const input = {
      ...plan,
      app,
      now: clock.date(),
      pods,
      deployment: isJob ? undefined : recent.newest(watched.deployments, app.metadata),
      service: recent.newest(watched.services, app.metadata),
      job: isJob && workload !== undefined ? recent.newest(jobs, workload.metadata) : undefined,
    };
    const silent = pods.filter((pod) => isSilent(pod, clock.date().getTime()));
    const told = await this.#eventsOf(key, silent[0], signal);
    const status = appStatus({ ...input, events: told });
    const outcome = await this.#writeStatus(app, status, signal);
    const waits = pods.some(({ status: state }) => state?.phase === "Pending");
    return outcome.kind === "done" && waits
      ? { kind: "again", afterMs: limits.silentPodsMs }
      : outcome;
  }

  /** Events are read only where no field of a pod says why it does not start. */
  async #eventsOf(
    app: string,
    pod: ObservedPod | undefined,
    signal: AbortSignal,
  ): Promise<readonly ObservedEvent[]> {
    if (pod !== undefined) return await this.#podEvents.of(app, pod, signal);
    this.#podEvents.forget(app);
    return [];
  }

  async #writeStatus(app: SpinApp, status: SpinAppStatus, signal: AbortSignal): Promise<Outcome> {
    const { client, recent, announcer } = this.#deps;
    const key = keyText(app.metadata);
    const isSame = sameStatus(app.status, status);
    const waitMs = isMinorChange(app.status, status) && !isSame ? this.#minorWaitMs(key) : 0;
    if (waitMs > 0) return { kind: "again", afterMs: waitMs };
    this.#minorSinceMs.delete(key);
    if (isSame) return done;
    const { name, namespace } = app.metadata;
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
    const object = { apiVersion, kind: "SpinApp", metadata, status } as SpinApp;
    try {
      const options = { fieldManager, force: true, subresource: "status", signal };
      recent.wrote("SpinApp", compactApp(await client.apply(spinApps, object, options)));
    } catch (error) {
      // Deleted meanwhile: there is nobody left to tell.
      if (isKubeError(error, "NotFound")) return done;
      throw error;
    }
    announceChange(announcer, app, status);
    return done;
  }

  /** How long a minor change still waits for others, so that all of them are one write. */
  #minorWaitMs(key: string): number {
    const nowMs = this.#deps.clock.now();
    const sinceMs = this.#minorSinceMs.get(key) ?? nowMs;
    this.#minorSinceMs.set(key, sinceMs);
    return sinceMs + limits.statusPauseMs - nowMs;
  }
}

/** A change of Ready's reason is worth an event; numbers are not. */
function announceChange(announcer: Announcer, app: SpinApp, status: SpinAppStatus): void {
  const find = (
    from: SpinAppStatus | undefined,
  ): { status: string; reason: string; message: string } | undefined =>
    from?.conditions?.find(({ type }) => type === "Ready");
  const [before, after] = [find(app.status), find(status)];
  if (after === undefined || before?.reason === after.reason || after.reason === "Starting") return;
  const isGood = after.status === "True";
  announcer.announce(app, {
    type: isGood ? "Normal" : "Warning",
    reason: after.reason,
    note: after.message,
  });
}

/** Refusals that waiting does not change; everything else is tried again by the queue. */
function refusal(error: unknown): Blocked | undefined {
  if (error instanceof OperatorError && error.code === "not_ours") {
    return { reason: "NameTaken", message: error.message, needsPerson: true };
  }
  if (isKubeError(error, "Invalid", "BadRequest")) {
    return { reason: "Refused", message: error.message, needsPerson: true };
  }
  if (isKubeError(error, "Forbidden")) {
    return { reason: "Forbidden", message: error.message, needsPerson: false };
  }
  return undefined;
}
