import { errorText } from "../error.ts";
import type { KubeClient, Selection } from "./client.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type Log, silentLog } from "./log.ts";
import { type KubeObject, keyText } from "./object.ts";
import {
  type IndexFunction,
  ObjectStore,
  type ReadonlyStore,
  type StoreChange,
} from "./object-store.ts";
import { Reflector } from "./reflector.ts";
import { type ResourceType, resourceName } from "./resource.ts";
import { stripForCache } from "./strip.ts";

/** Told of each change, in order, after the store has it. Must be quick; must not wait. */
export interface ChangeHandler<T extends KubeObject> {
  /** `initial`: part of what was there when the cache or the handler came. */
  readonly added?: (object: T, facts: { readonly initial: boolean }) => void;
  readonly updated?: (object: T, old: T) => void;
  /** The last state that is known; after a lost connection it may not be the very last. */
  readonly deleted?: (object: T) => void;
}

/** How much the store can be trusted. The times are of the clock's `now`. */
export type CacheHealth =
  /** Nothing was read yet; `error` says why, after a failure. */
  | { readonly kind: "starting"; readonly error?: unknown }
  | { readonly kind: "current" }
  /** The store is as it was at `sinceMs`; it is being reconnected. */
  | { readonly kind: "disconnected"; readonly sinceMs: number; readonly error: unknown }
  | { readonly kind: "stopped" };

export interface ObjectCacheOptions<T extends KubeObject> {
  readonly client: KubeClient;
  readonly type: ResourceType<T>;
  readonly selection?: Selection | undefined;
  /** What is stored of an object; `stripForCache` where not given. */
  readonly transform?: ((object: T) => T) | undefined;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly log?: Log;
}

/** The objects of one kind (and selection), kept in step with the API server. */
export class ObjectCache<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly #options: ObjectCacheOptions<T>;
  readonly #store = new ObjectStore<T>();
  readonly #handlers = new Set<ChangeHandler<T>>();
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #firstSync = Promise.withResolvers<void>();
  #hasSynced = false;
  #health: CacheHealth = { kind: "starting" };

  constructor(options: ObjectCacheOptions<T>) {
    this.#options = options;
    this.type = options.type;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
  }

  get store(): ReadonlyStore<T> {
    return this.#store;
  }

  /** Whether everything was read at least once. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get health(): CacheHealth {
    return this.#health;
  }

  /** Adds an index at any time; a name that is taken keeps its function. */
  addIndex(name: string, indexFunction: IndexFunction<T>): void {
    this.#store.addIndex(name, indexFunction);
  }

  /** The handler hears of everything that is stored already, then of changes, until disposed. */
  addHandler(handler: ChangeHandler<T>): Disposable {
    // A copy, so that the same object can be added and removed twice.
    const own = { ...handler };
    this.#handlers.add(own);
    for (const object of this.#store.list()) {
      this.#notify(own, { kind: "added", object }, true);
    }
    return { [Symbol.dispose]: () => void this.#handlers.delete(own) };
  }

  /** Resolves with true when everything was read once, with false when the signal came first. */
  async synced(signal: AbortSignal): Promise<boolean> {
    if (this.#hasSynced || signal.aborted) return this.#hasSynced;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (): void => resolve();
    signal.addEventListener("abort", end);
    await Promise.race([promise, this.#firstSync.promise]);
    signal.removeEventListener("abort", end);
    return this.#hasSynced;
  }

  /** Reads and watches until the abort; never rejects. To be called once. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, type, selection = {}, transform = stripForCache<T> } = this.#options;
    const reflector = new Reflector<T>({
      client,
      type,
      selection,
      transform,
      clock: this.#clock,
      random: this.#options.random ?? Math.random,
      sink: {
        replaced: (objects) => this.#replaced(objects),
        put: (object) => this.#changed(this.#store.put(object), false),
        removed: (object) => this.#removed(object),
        connection: (connection) => this.#connected(connection),
      },
    });
    await reflector.run(signal);
    this.#health = { kind: "stopped" };
  }

  #replaced(objects: Iterable<T>): void {
    const initial = !this.#hasSynced;
    const changes = this.#store.replace(objects);
    for (const change of changes) this.#changed(change, initial);
    this.#hasSynced = true;
    this.#health = { kind: "current" };
    this.#firstSync.resolve();
  }

  #removed(object: T): void {
    const change = this.#store.remove(keyText(object.metadata), object);
    if (change !== undefined) this.#changed(change, false);
  }

  #connected(connection: { ok: true } | { ok: false; error: unknown }): void {
    const resource = resourceName(this.type);
    if (connection.ok) {
      if (this.#health.kind === "disconnected") {
        this.#log.info({ resource }, "watching again");
        this.#health = { kind: "current" };
      }
      return;
    }
    const { error } = connection;
    if (!this.#hasSynced) {
      this.#health = { kind: "starting", error };
    } else if (this.#health.kind !== "disconnected") {
      this.#health = { kind: "disconnected", sinceMs: this.#clock.now(), error };
    }
    this.#log.warn({ resource, error: errorText(error) }, "watch failed, will try again");
  }

  #changed(change: StoreChange<T>, initial: boolean): void {
    for (const handler of this.#handlers) this.#notify(handler, change, initial);
  }

  #notify(handler: ChangeHandler<T>, change: StoreChange<T>, initial: boolean): void {
    try {
      if (change.kind === "added") handler.added?.(change.object, { initial });
      else if (change.kind === "updated") handler.updated?.(change.object, change.old);
      else handler.deleted?.(change.object);
    } catch (error) {
      const key = keyText(change.object.metadata);
      const resource = resourceName(this.type);
      this.#log.error({ resource, key, error: errorText(error) }, "a change handler failed");
    }
  }
}
