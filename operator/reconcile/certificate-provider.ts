import { createHash } from "node:crypto";
import {
  caCertificatesKey,
  fieldManager,
  managedByAnnotation,
  managedByValue,
} from "../api/names.ts";
import type { Manifest } from "../desired/manifest.ts";
import type { KubeClient } from "../kube/client.ts";
import { isKubeError } from "../kube/kube-error.ts";
import { keyText } from "../kube/object.ts";
import type { ObjectCache } from "../kube/object-cache.ts";
import { compactData } from "./compact.ts";
import { secrets } from "./resources.ts";
import type { DataObject } from "./resources.ts";

export interface CertificateProviderDependencies {
  readonly client: KubeClient;
  readonly secrets: Pick<ObjectCache<DataObject>, "store" | "addHandler">;
  /** The public certificate authorities, as PEM. */
  readonly certificates: string;
}

/** Keeps the Secret with certificate authorities in the namespaces whose executors ask for it. */
export class CertificateProvider {
  readonly text: string;
  readonly #deps: CertificateProviderDependencies;
  readonly #running = new Map<string, Promise<void>>();
  readonly #written = new Set<string>();

  constructor(dependencies: CertificateProviderDependencies) {
    this.#deps = dependencies;
    this.text = dependencies.certificates;
  }

  /**
   * Creates the Secret where there is none, and renews one that the operator has made before.
   * Somebody's own Secret is left as it is. Many apps of a namespace ask at once: one request.
   */
  async ensure(secret: Manifest, signal: AbortSignal): Promise<void> {
    const key = keyText(secret.metadata);
    const live = this.#deps.secrets.store.get(key);
    if (live === undefined ? this.#written.has(key) : !isStale(live, secret)) return;
    await (this.#running.get(key) ?? this.#begin(key, secret, signal));
  }

  /**
   * A Secret that is deleted is made again, at the pass that its deletion causes. What is being
   * written at that moment may be what was deleted: its answer can come after the news of its end.
   */
  follow(): Disposable {
    return this.#deps.secrets.addHandler({
      deleted: ({ metadata }) => {
        const key = keyText(metadata);
        this.#written.delete(key);
        this.#running.delete(key);
      },
    });
  }

  #begin(key: string, secret: Manifest, signal: AbortSignal): Promise<void> {
    const running = this.#write(key, secret, signal).then(
      () => {
        if (this.#end(key, running)) this.#written.add(key);
      },
      (error: unknown) => {
        this.#end(key, running);
        throw error;
      },
    );
    this.#running.set(key, running);
    return running;
  }

  /** Whether nothing was deleted meanwhile. */
  #end(key: string, running: Promise<void>): boolean {
    return this.#running.get(key) === running && this.#running.delete(key);
  }

  async #write(key: string, secret: Manifest, signal: AbortSignal): Promise<void> {
    const { client } = this.#deps;
    try {
      if (this.#deps.secrets.store.get(key) === undefined) {
        await client.create(secrets, secret, { fieldManager, signal });
      } else {
        await client.apply(secrets, secret, { fieldManager, force: true, signal });
      }
    } catch (error) {
      if (!isKubeError(error, "AlreadyExists")) throw error;
    }
  }
}

function isStale(live: DataObject, wanted: Manifest & DataObject): boolean {
  if (live.metadata.annotations?.[managedByAnnotation] !== managedByValue) return false;
  return hash(live) !== hash(compactData(wanted));
}

function hash({ data }: DataObject): string {
  return createHash("sha256")
    .update(data?.[caCertificatesKey] ?? "")
    .digest("hex");
}
