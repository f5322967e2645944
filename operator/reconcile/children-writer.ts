import { createHash } from "node:crypto";
import { appNameLabel, fieldManager } from "../api/names.ts";
import type { SpinApp } from "../api/spin-app.ts";
import type { Manifest } from "../desired/manifest.ts";
import { OperatorError } from "../error.ts";
import type { KubeClient } from "../kube/client.ts";
import { isKubeError } from "../kube/kube-error.ts";
import { controllerOf, keyText } from "../kube/object.ts";
import type { KubeObject, ObjectKey } from "../kube/object.ts";
import type { ObservedDeployment } from "../status/observed.ts";
import type { ResourceType } from "../kube/resource.ts";
import { appliedFields, compactChild } from "./compact.ts";
import { differs } from "./differs.ts";
import type { RecentWrites } from "./recent-writes.ts";
import { childTypes, deployments, secrets, services } from "./resources.ts";
import { childCache } from "./watched.ts";
import type { Watched } from "./watched.ts";

export interface ChildrenWriterDependencies {
  readonly client: KubeClient;
  readonly watched: Watched;
  readonly recent: RecentWrites;
}

/** What an apply led to: applying the same again to the same leads to the same. */
interface Settled {
  readonly desired: string;
  readonly live: string;
}

/** Applies, adopts and deletes the children of apps; knows what it need not write. */
export class ChildrenWriter {
  readonly #client: KubeClient;
  readonly #watched: Watched;
  readonly #recent: RecentWrites;
  /** By the key of the app, then by kind and name of the child. */
  readonly #settled = new Map<string, Map<string, Settled>>();

  constructor({ client, watched, recent }: ChildrenWriterDependencies) {
    this.#client = client;
    this.#watched = watched;
    this.#recent = recent;
  }

  /** The child as it is, as far as known. */
  live(child: Manifest): KubeObject | undefined {
    return this.#recent.newest(childCache(this.#watched, child.kind), child.metadata);
  }

  /**
   * Makes the child as desired, without a request where it is so already. Throws `not_ours` where
   * an object of this name belongs to somebody else: it is never taken over.
   */
  async apply(app: SpinApp, child: Manifest, signal: AbortSignal): Promise<KubeObject> {
    const type = typeOf(child);
    const live = this.live(child) ?? (await this.#unwatched(type, child, signal));
    if (live !== undefined) assertOurs(app, child, live);
    if (live !== undefined && this.#isSettled(app, child, live)) return live;
    await this.#handReplicasOver(child, live, signal);
    const applied = await this.#client.apply(type, child, { fieldManager, force: true, signal });
    const compact = compactChild(applied);
    this.#recent.wrote(child.kind, compact);
    this.#remember(app, child, compact);
    return compact;
  }

  /** Forgets what is known of the children of an app that is gone. */
  forget(app: ObjectKey): void {
    this.#settled.delete(keyText(app));
  }

  /**
   * An app that goes over to an autoscaler keeps its pods: without another owner, the number would
   * fall back to one as soon as we no longer mention it.
   */
  async #handReplicasOver(
    child: Manifest,
    live: ObservedDeployment | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const replicas = live?.spec?.replicas;
    if (child.kind !== "Deployment" || live === undefined || replicas === undefined) return;
    const { replicas: wanted } = child["spec"] as { readonly replicas?: number };
    if (wanted !== undefined || appliedFields(live)?.["f:spec"]?.["f:replicas"] === undefined)
      return;
    const { name, namespace } = live.metadata;
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
    const owner = { fieldManager: handoverManager, force: true, signal };
    await this.#client.apply(deployments, { metadata, spec: { replicas } }, owner);
  }

  /** Creates a Secret whose name depends on its content, unless it is there. */
  async createSecret(app: SpinApp, secret: Manifest, signal: AbortSignal): Promise<void> {
    const live = this.live(secret);
    if (live !== undefined) {
      await this.#keepSecret(app, secret, { live, signal });
      return;
    }
    try {
      const created = await this.#client.create(secrets, secret, { fieldManager, signal });
      this.#recent.wrote("Secret", { ...created, data: {} } as KubeObject);
    } catch (error) {
      if (!isKubeError(error, "AlreadyExists")) throw error;
    }
  }

  /** A Secret of an earlier app of this name would be collected with that app. */
  async #keepSecret(
    app: SpinApp,
    secret: Manifest,
    { live, signal }: { readonly live: KubeObject; readonly signal: AbortSignal },
  ): Promise<void> {
    if (live.metadata.labels?.[appNameLabel] !== app.metadata.name) {
      throw notOurs("Secret", secret.metadata.name, "it does not carry the app's label");
    }
    const owners = live.metadata.ownerReferences ?? [];
    if (owners.some(({ uid }) => uid === app.metadata.uid)) return;
    const options = { fieldManager, force: true, signal };
    const applied = await this.#client.apply(secrets, secret, options);
    this.#recent.wrote("Secret", { ...applied, data: {} } as KubeObject);
  }

  /** Deletes a child that is no longer wanted; one that is gone already is fine. */
  async remove(kind: string, child: KubeObject, signal: AbortSignal): Promise<void> {
    const type = kind === "Secret" ? secrets : typeOf({ kind });
    const { uid } = child.metadata;
    try {
      await this.#client.delete(type, child.metadata, {
        propagationPolicy: "Background",
        ...(uid === undefined ? {} : { preconditions: { uid } }),
        signal,
      });
    } catch (error) {
      // Conflict: another object has the name by now; the watch will tell.
      if (!isKubeError(error, "NotFound", "Conflict")) throw error;
    }
    this.#recent.deleted(kind, child.metadata);
  }

  /** Of kinds that are watched by label, an object of the same name without it is not seen. */
  async #unwatched(
    type: ResourceType,
    child: Manifest,
    signal: AbortSignal,
  ): Promise<KubeObject | undefined> {
    if (type === deployments || type === services) return undefined;
    try {
      return await this.#client.get(type, child.metadata, { signal });
    } catch (error) {
      if (isKubeError(error, "NotFound")) return undefined;
      throw error;
    }
  }

  #isSettled(app: SpinApp, child: Manifest, live: KubeObject): boolean {
    if (!differs(child, live)) return true;
    const settled = this.#settled.get(keyText(app.metadata))?.get(childName(child));
    return settled?.live === revision(live) && settled.desired === digest(child);
  }

  /** The API server may store another order or form than ours: what it made of it once, counts. */
  #remember(app: SpinApp, child: Manifest, applied: KubeObject): void {
    if (!differs(child, applied)) return;
    const key = keyText(app.metadata);
    const settled = this.#settled.get(key) ?? new Map<string, Settled>();
    this.#settled.set(key, settled);
    settled.set(childName(child), { desired: digest(child), live: revision(applied) });
  }
}

/** Owns the number of pods between our last word and the autoscaler's first. */
const handoverManager = "spin-operator-handover";

function childName({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}

function typeOf({ kind }: { readonly kind: string }): ResourceType {
  const type = childTypes[kind];
  if (type === undefined) throw new TypeError(`${kind} is no kind of child`);
  return type;
}

/** Changes with the spec only, where there is a generation. */
function revision({ metadata }: KubeObject): string {
  const { uid, generation, resourceVersion } = metadata;
  return `${uid} ${generation ?? `v${resourceVersion}`}`;
}

function digest(child: Manifest): string {
  return createHash("sha256").update(JSON.stringify(child)).digest("base64");
}

/**
 * A child is ours if this app controls it, or if nobody does and we have applied it before (its app
 * was deleted without it, and made again).
 */
function assertOurs(app: SpinApp, child: Manifest, live: KubeObject): void {
  const controller = controllerOf(live);
  if (controller?.uid === app.metadata.uid) return;
  if (controller === undefined && appliedFields(live) !== undefined) return;
  const isFormer = controller?.kind === "SpinApp" && controller.name === app.metadata.name;
  if (isFormer && live.metadata.deletionTimestamp === undefined) {
    throw new OperatorError(
      "not_ours",
      `${child.kind} ${child.metadata.name} belongs to an earlier SpinApp of this name and is being collected: wait`,
    );
  }
  const whose =
    controller === undefined
      ? "nobody controls it"
      : `${controller.kind} ${controller.name} controls it`;
  throw notOurs(child.kind, child.metadata.name, whose);
}

function notOurs(kind: string, name: string, whose: string): OperatorError {
  return new OperatorError(
    "not_ours",
    `${kind} ${name} exists and is not this app's (${whose}): delete or rename it, or rename the app`,
  );
}
