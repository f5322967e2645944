import { errorText } from "../error.ts";
import type { KubeClient, Selection } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { KubeObject } from "./object.ts";
import { type CacheHealth, ObjectCache } from "./object-cache.ts";
import { type ResourceType, resourceName } from "./resource.ts";

export interface CachesOptions {
  readonly client: KubeClient;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly log?: Log;
}

export interface CacheChoice<T extends KubeObject> {
  readonly selection?: Selection;
  readonly transform?: (object: T) => T;
}

/** One cache for each kind and selection, shared by all that ask for it. */
export class Caches {
  readonly #options: CachesOptions;
  readonly #caches = new Map<string, ObjectCache<KubeObject>>();
  #running = false;

  constructor(options: CachesOptions) {
    this.#options = options;
  }

  /** The same cache for the same type and selection; the first caller's transform counts. */
  of<T extends KubeObject>(type: ResourceType<T>, choice: CacheChoice<T> = {}): ObjectCache<T> {
    const { namespace, labelSelector, fieldSelector } = choice.selection ?? {};
    const where = [resourceName(type), type.version, namespace, labelSelector, fieldSelector];
    const name = JSON.stringify(where);
    const found = this.#caches.get(name);
    // The type of the objects follows from the resource, which is part of the name.
    if (found !== undefined) return found as unknown as ObjectCache<T>;
    if (this.#running) throw new TypeError(`cache of ${resourceName(type)} asked for after start`);
    const cache = new ObjectCache<T>({ ...this.#options, ...choice, type });
    this.#caches.set(name, cache as unknown as ObjectCache<KubeObject>);
    return cache;
  }

  /** How each cache stands. */
  health(): { readonly resource: string; readonly health: CacheHealth }[] {
    const all = [...this.#caches.values()];
    return all.map(({ type, health }) => ({ resource: resourceName(type), health }));
  }

  /** What is not complete or not current, for readiness and for people; undefined if nothing. */
  complaint(): string | undefined {
    const complaints = this.health().flatMap(({ resource, health }) => {
      if (health.kind === "current") return [];
      const error = "error" in health ? `: ${errorText(health.error)}` : "";
      return [`${resource} ${health.kind}${error}`];
    });
    return complaints.length === 0 ? undefined : complaints.join("; ");
  }

  /** Runs all caches until the abort; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    this.#running = true;
    await Promise.all([...this.#caches.values()].map(async (cache) => await cache.run(signal)));
  }

  /** Whether all have read everything once, before the signal came. */
  async synced(signal: AbortSignal): Promise<boolean> {
    const all = [...this.#caches.values()];
    const synced = await Promise.all(all.map(async (cache) => await cache.synced(signal)));
    return synced.every(Boolean);
  }
}
