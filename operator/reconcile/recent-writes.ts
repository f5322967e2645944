import type { Clock } from "../kube/clock.ts";
import { keyText } from "../kube/object.ts";
import type { KubeObject, ObjectKey } from "../kube/object.ts";
import type { ObjectCache } from "../kube/object-cache.ts";
import { limits } from "../limits.ts";

interface Write {
  readonly object: KubeObject;
  readonly atMs: number;
}

/**
 * What was written so recently that the cache may not have it: without this, every reconcile that
 * runs between a write and its watch event would write once more.
 */
export class RecentWrites {
  readonly #clock: Clock;
  readonly #writes = new Map<string, Write>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Forgets writes of objects that a cache sees deleted. */
  follow<T extends KubeObject>(cache: ObjectCache<T>): Disposable {
    const { kind } = cache.type;
    return cache.addHandler({
      deleted: (object) => this.#forget(kind, object),
    });
  }

  /** Remembers what the API server answered to a write. */
  wrote(kind: string, object: KubeObject): void {
    this.#writes.set(`${kind} ${keyText(object.metadata)}`, {
      object,
      atMs: this.#clock.now(),
    });
  }

  /** Remembers a deletion by forgetting what was written. */
  deleted(kind: string, key: ObjectKey): void {
    this.#writes.delete(`${kind} ${keyText(key)}`);
  }

  /** The newer one of the cached object and what was written. */
  newest<T extends KubeObject>(cache: ObjectCache<T>, key: ObjectKey): T | undefined {
    const cached = cache.store.get(keyText(key));
    const name = `${cache.type.kind} ${keyText(key)}`;
    const write = this.#writes.get(name);
    if (write === undefined) return cached;
    const isOld = this.#clock.now() - write.atMs > limits.recentWriteMs;
    if (isOld || (cached !== undefined && !isNewer(write.object, cached))) {
      this.#writes.delete(name);
      return cached;
    }
    // What is stored under a kind's name was answered for that kind.
    return write.object as T;
  }

  #forget(kind: string, object: KubeObject): void {
    const name = `${kind} ${keyText(object.metadata)}`;
    const write = this.#writes.get(name);
    if (write?.object.metadata.uid === object.metadata.uid) this.#writes.delete(name);
  }
}

/** Versions are numbers of one sequence (KEP-5504); what is not a number counts as not newer. */
export function isNewer(a: KubeObject, b: KubeObject): boolean {
  const left = a.metadata.resourceVersion ?? "";
  const right = b.metadata.resourceVersion ?? "";
  if (!/^\d+$/u.test(left) || !/^\d+$/u.test(right)) return false;
  return left.length === right.length ? left > right : left.length > right.length;
}
