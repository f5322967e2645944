import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { SavedSnapshot } from "../prepare/saved-snapshot.ts";
import { MappedImage, MemoryMapper } from "./ffi-memory.ts";
import { Instance, type InstanceSnapshot } from "./instance.ts";
import type { LinkedComponent } from "./linker.ts";
import { CopiedImage } from "./memory-image.ts";
import { type CoreSnapshot, loadedCore, savedCore } from "./snapshot.ts";

/** An instance for one request; disposing ends it. */
export interface InstanceLease<C> extends Disposable {
  readonly instance: Instance<C>;
}

export interface InstancePoolOptions {
  /**
   * Makes memories copy-on-write; null for the portable way. One for all pools of a process is
   * enough, and is disposed by who made it; by default a pool has its own.
   */
  readonly mapper?: MemoryMapper | null | undefined;
}

/**
 * Gives every request an instance in the state right after instantiation. Where that state can be
 * put back completely (prepare/reset-proof.ts) instances are used again, because putting it back
 * costs a tenth of a new one; everywhere else each request gets a new one.
 */
export class InstancePool<C> implements Disposable {
  readonly #linked: LinkedComponent<C>;
  /** As `linked`, with modules whose memories are filled from the snapshot. */
  readonly #bare: LinkedComponent<C> | undefined;
  readonly #mapper: MemoryMapper | undefined;
  readonly #ownsMapper: boolean;
  readonly #idle: Instance<C>[] = [];
  #snapshot: InstanceSnapshot | undefined;
  #isFirst = true;
  #isDisposed = false;

  constructor(linked: LinkedComponent<C>, options: InstancePoolOptions = {}) {
    this.#linked = linked;
    this.#ownsMapper = options.mapper === undefined;
    this.#mapper = this.#ownsMapper ? MemoryMapper.open() : (options.mapper ?? undefined);
    // Copying a whole image into a new memory would cost more than data segments do.
    this.#bare = linked.isBare === true || this.#mapper ? bareComponent(linked) : undefined;
    if (linked.snapshot !== undefined) {
      this.#snapshot = this.#mapped(loadedSnapshot(linked, linked.snapshot));
      this.#isFirst = false;
    }
  }

  /** Throws `trap` when instantiation traps, `limit` when there is no memory for an instance. */
  take(context: C): InstanceLease<C> {
    if (this.#isDisposed) throw new WhorlError("trap", "the component is not served any more");
    const instance = this.#idle.pop() ?? this.#create(context);
    instance.resume(context);
    return { instance, [Symbol.dispose]: () => this.#end(instance) };
  }

  /** Makes the first instance ahead of the first request. Throws as {@link take}. */
  warm(context: C): void {
    if (this.#idle.length === 0) this.take(context)[Symbol.dispose]();
  }

  /** Gives back the memory of the instances that wait for a request; the next ones are new. */
  trim(): void {
    this.#idle.length = 0;
  }

  /** Gives back everything. Instances that are out go on, but none is taken any more. */
  [Symbol.dispose](): void {
    this.trim();
    this.#isDisposed = true;
    for (const { memories } of this.#snapshot?.cores ?? []) {
      for (const image of memories) if (image instanceof MappedImage) image[Symbol.dispose]();
    }
    this.#snapshot = undefined;
    if (this.#ownsMapper) this.#mapper?.[Symbol.dispose]();
  }

  #create(context: C): Instance<C> {
    if (this.#snapshot !== undefined && this.#bare !== undefined) {
      const instance = new Instance(this.#bare, context);
      if (instance.restart(this.#snapshot)) return instance;
      if (this.#linked.isBare === true) {
        throw new WhorlError("limit", "the system has no memory for another instance");
      }
    }
    const instance = new Instance(this.#linked, context);
    if (this.#isFirst) this.#keep(instance.snapshot());
    return instance;
  }

  /** Instantiation that does not call the host ends in the same state every time. */
  #keep(snapshot: InstanceSnapshot | undefined): void {
    this.#isFirst = false;
    if (snapshot === undefined) return;
    const cores = snapshot.cores.map(savedCore).filter((core) => core !== undefined);
    if (cores.length === snapshot.cores.length) void this.#linked.saveSnapshot?.({ cores });
    this.#snapshot = this.#mapped(snapshot);
  }

  #end(instance: Instance<C>): void {
    const isQuiet = instance.end();
    if (!isQuiet || this.#snapshot === undefined) return;
    if (this.#idle.length >= limits.idleInstancesMax) return;
    if (instance.restart(this.#snapshot)) this.#idle.push(instance);
  }

  #mapped(snapshot: InstanceSnapshot): InstanceSnapshot {
    const mapper = this.#mapper;
    if (mapper === undefined) return snapshot;
    const cores = snapshot.cores.map((core) => ({
      ...core,
      memories: core.memories.map((image) =>
        image instanceof CopiedImage ? (mapper.image(image) ?? image) : image,
      ),
    }));
    return { ...snapshot, cores };
  }
}

function bareComponent<C>(linked: LinkedComponent<C>): LinkedComponent<C> | undefined {
  const { bareModules, plan, recipes } = linked;
  if (bareModules === undefined) return undefined;
  const bare = recipes.map((recipe, index) => {
    const module = bareModules[plan.coreInstances[index]?.module ?? -1];
    return module === undefined ? recipe : { ...recipe, module };
  });
  return { ...linked, recipes: bare };
}

function loadedSnapshot<C>(
  { recipes }: LinkedComponent<C>,
  saved: SavedSnapshot,
): InstanceSnapshot {
  const cores = saved.cores.map((core, index): CoreSnapshot => {
    const state = recipes[index]?.reset;
    if (state === undefined) throw new Error("a snapshot of a component that cannot be put back");
    return loadedCore(core, state);
  });
  return { cores };
}
