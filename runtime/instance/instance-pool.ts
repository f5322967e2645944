import { errorText, WhorlError } from "../error.ts";
import { defaultInstanceLimits, type InstanceLimits, limits } from "../limits.ts";
import type { SavedSnapshot } from "../prepare/saved-snapshot.ts";
import { bytesOf } from "./core-memories.ts";
import { MappedImage, MemoryMapper } from "./ffi-memory.ts";
import { GuestGuard } from "./guest-guard.ts";
import { Instance } from "./instance.ts";
import { type InstanceLease, Lease } from "./instance-lease.ts";
import type { LinkedComponent } from "./linker.ts";
import { boundMemories } from "./memory-bounds.ts";
import { CopiedImage } from "./memory-image.ts";
import { type CoreSnapshot, type InstanceSnapshot, loadedCore, savedCore } from "./snapshot.ts";

export interface InstancePoolOptions {
  /**
   * Makes memories copy-on-write; null for the portable way. One for all pools of a process is
   * enough, and is disposed by who made it; by default a pool has its own.
   */
  readonly mapper?: MemoryMapper | null | undefined;
  /** Ends what takes too long; one for all pools of a thread. Without it calls take their time. */
  readonly guard?: GuestGuard | undefined;
  readonly limits?:
    | Partial<Pick<InstanceLimits, "memoryBytesMax" | "instancesMax" | "handlesMax">>
    | undefined;
}

/** What the instances of a pool are and have, at one moment. */
export interface PoolUsage {
  readonly busyInstances: number;
  readonly idleInstances: number;
  /** Of all of them together. */
  readonly memoryBytes: number;
  /** What they may have together. */
  readonly memoryLimitBytes: number;
}

/** So often it is looked whether instances were not needed since the last time. */
const endsPerSurvey = 1024;
/**
 * They are given back after so long: as many requests are under way in one moment and less in the
 * next, and each new instance counts with all of its memory when V8 decides to collect garbage.
 */
const spareMsMin = 5_000;

/** How a component is made ready for requests by answering some. */
export interface WarmUp<C> {
  /** Should let the guest reach nothing of the outside world. */
  readonly context: C;
  /** Lets the guest answer; rejects when the answers are not good enough. */
  drive(instance: Instance<C>): Promise<unknown>;
  /**
   * What the guest has been given that should have been another one in every instance: random
   * numbers, the time.
   */
  asked?(): readonly string[];
}

/** Whether instances begin after the warm-up, or why they do not. */
export type Warmth = { readonly kind: "warm" } | { readonly kind: "cold"; readonly reason: string };

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
  readonly #guard: GuestGuard;
  readonly #instancesMax: number;
  readonly #memoryBytesMax: number;
  readonly #idle: Instance<C>[] = [];
  /** Those that are out, and those that are idle. */
  readonly #live = new Set<Instance<C>>();
  #snapshot: InstanceSnapshot | undefined;
  /** Instances that are out. */
  #busy = 0;
  /** The least that were idle since it was last found out who is needed. */
  #spare = 0;
  #spareSinceMs = performance.now();
  #endsLeft = endsPerSurvey;
  #isFirst = true;
  /** Whether the one that is idle has given back its pages. */
  #isAtRest = false;
  #isDisposed = false;

  /** Throws `limit` when an instance would begin with more memory than it may have. */
  constructor(unbounded: LinkedComponent<C>, options: InstancePoolOptions = {}) {
    const bounds = { ...defaultInstanceLimits, ...options.limits };
    const { memoryBytesMax, instancesMax, handlesMax } = bounds;
    const recipes = boundMemories(unbounded.recipes, memoryBytesMax);
    const linked = { ...unbounded, recipes, handlesMax };
    this.#linked = linked;
    this.#instancesMax = instancesMax;
    this.#memoryBytesMax = memoryBytesMax;
    this.#guard = options.guard ?? new GuestGuard({ callMsMax: Infinity });
    this.#ownsMapper = options.mapper === undefined;
    this.#mapper = this.#ownsMapper ? MemoryMapper.open() : (options.mapper ?? undefined);
    // Copying a whole image into a new memory would cost more than data segments do.
    this.#bare = linked.isBare === true || this.#mapper ? bareComponent(linked) : undefined;
    if (linked.snapshot !== undefined) {
      this.#snapshot = this.#mapped(loadedSnapshot(linked, linked.snapshot));
      this.#isFirst = false;
    }
  }

  /**
   * Throws `trap` when instantiation traps, `limit` when there are too many instances, or no memory
   * for another one.
   */
  take(context: C): InstanceLease<C> {
    if (this.#isDisposed) throw new WhorlError("trap", "the component is not served any more");
    if (this.#busy >= this.#instancesMax) {
      throw new WhorlError(
        "limit",
        `${this.#busy} instances of the component are busy, and no more are allowed: ` +
          "raise the limit, or run more copies of the app",
        { limit: "instances" },
      );
    }
    if (this.#isAtRest) this.#wake();
    const idle = this.#idle.pop();
    const start = idle !== undefined ? "reset" : this.#snapshot === undefined ? "cold" : "fresh";
    const instance = idle ?? this.#create(context);
    if (idle === undefined) this.#live.add(instance);
    if (this.#idle.length < this.#spare) this.#spare = this.#idle.length;
    instance.resume(context);
    this.#busy++;
    return new Lease(instance, start, this.#end);
  }

  /** Instances that are out. */
  get busy(): number {
    return this.#busy;
  }

  /** Looks at every instance: for who asks now and then. */
  usage(): PoolUsage {
    let memoryBytes = 0;
    for (const instance of this.#live) memoryBytes += bytesOf(instance.memories);
    return {
      busyInstances: this.#busy,
      idleInstances: this.#idle.length,
      memoryBytes,
      memoryLimitBytes: this.#memoryBytesMax * Math.max(1, this.#live.size),
    };
  }

  /** Makes the first instance ahead of the first request. Throws as {@link take}. */
  warm(context: C): void {
    if (this.#idle.length === 0) this.take(context)[Symbol.dispose]();
  }

  /**
   * Lets one instance answer, and all later ones begin with its state: what a language's runtime
   * does lazily is done once. Before the first {@link take}. Refused, with everything as it would
   * be without, when that state cannot be had or would not be that of a new instance. Throws as
   * {@link take}.
   *
   * Where the component was prepared with `warm` and an earlier process has kept the state, nothing
   * is called.
   */
  async warmUp({ context, drive, asked }: WarmUp<C>): Promise<Warmth> {
    if (this.#snapshot !== undefined) return { kind: "warm" };
    const instance = new Instance(this.#linked, context, this.#guard);
    const cold = instance.snapshot();
    this.#isFirst = false;
    if (cold === undefined) return { kind: "cold", reason: "a new instance cannot be put back" };
    instance.resume(context);
    const taken = await stateAfter(instance, drive);
    const given = asked?.() ?? [];
    instance.end();
    if (!("refused" in taken) && given.length === 0) {
      this.#snapshot = this.#mapped(taken);
      const failure = await this.#answersAgain(context, drive);
      if (failure === undefined) {
        this.#save(taken);
        return { kind: "warm" };
      }
      this.#disposeSnapshot();
      this.#snapshot = this.#mapped(cold);
      return { kind: "cold", reason: `an instance of it answers but once: ${failure}` };
    }
    this.#snapshot = this.#mapped(cold);
    const reason = "refused" in taken ? taken.refused : `it was given ${given.join(" and ")}`;
    return { kind: "cold", reason };
  }

  /** Runtimes that expect to be used once answer wrongly, or not at all, the second time. */
  async #answersAgain(context: C, drive: WarmUp<C>["drive"]): Promise<string | undefined> {
    using lease = this.take(context);
    try {
      await drive(lease.instance);
      return undefined;
    } catch (error) {
      return errorText(error);
    }
  }

  /** Gives back the memory of the instances that wait for a request; the next ones are new. */
  trim(): void {
    this.#wake();
    this.#drop(this.#idle.length);
    this.#linked.abi.stacks.trim();
  }

  /**
   * As {@link trim}, but one instance stays for the next request, without pages of its own: until
   * others of the thread have come to rest after it, `limits.restingInstancesMax` at most.
   */
  rest(): void {
    const last = this.#idle.at(-1);
    const atRest = this.#mapper?.atRest;
    const isResting = this.#snapshot !== undefined && last?.rest(this.#snapshot) === true;
    if (atRest === undefined || !isResting) {
      this.trim();
      return;
    }
    this.#drop(this.#idle.length - 1);
    this.#linked.abi.stacks.trim(1);
    this.#isAtRest = true;
    atRest.keep(this, () => this.trim());
  }

  /** Gives back everything. Instances that are out go on, but none is taken any more. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#disposeSnapshot();
    if (this.#ownsMapper) this.#mapper?.[Symbol.dispose]();
  }

  #wake(): void {
    if (this.#isAtRest) this.#mapper?.atRest.take(this);
    this.#isAtRest = false;
  }

  #create(context: C): Instance<C> {
    if (this.#snapshot !== undefined && (this.#bare ?? this.#snapshot.handles) !== undefined) {
      const instance = this.#instantiate(this.#bare ?? this.#linked, context);
      if (instance.restart(this.#snapshot)) return instance;
      if (this.#linked.isBare === true) {
        throw new WhorlError("limit", "the system has no memory for another instance", {
          limit: "memory",
        });
      }
    }
    const instance = this.#instantiate(this.#linked, context);
    if (this.#isFirst) this.#keep(instance.snapshot());
    return instance;
  }

  #instantiate(linked: LinkedComponent<C>, context: C): Instance<C> {
    return new Instance(linked, context, this.#guard, this.#mapper?.kept.take(this));
  }

  /** Instantiation that does not call the host ends in the same state every time. */
  #keep(snapshot: InstanceSnapshot | undefined): void {
    this.#isFirst = false;
    if (snapshot === undefined) return;
    this.#save(snapshot);
    this.#snapshot = this.#mapped(snapshot);
  }

  #save({ cores, handles }: InstanceSnapshot): void {
    const saved = cores.map(savedCore).filter((core) => core !== undefined);
    if (saved.length === cores.length) void this.#linked.saveSnapshot?.({ cores: saved, handles });
  }

  #disposeSnapshot(): void {
    this.trim();
    for (const { memories } of this.#snapshot?.cores ?? []) {
      for (const image of memories) if (image instanceof MappedImage) image[Symbol.dispose]();
    }
    this.#snapshot = undefined;
    this.#mapper?.kept.take(this);
  }

  readonly #end = (instance: Instance<C>): void => {
    this.#busy--;
    const isQuiet = instance.end();
    if (!this.#keepsIdle(instance, isQuiet)) {
      this.#live.delete(instance);
      this.#letGo(instance);
      return;
    }
    if (--this.#endsLeft <= 0) this.#dropSpare();
  };

  /** Lets go of instances that nobody needed for a while: those that have waited longest. */
  #dropSpare(): void {
    this.#endsLeft = endsPerSurvey;
    const nowMs = performance.now();
    if (nowMs - this.#spareSinceMs < spareMsMin) return;
    this.#spareSinceMs = nowMs;
    this.#drop(this.#spare);
    this.#spare = this.#idle.length;
    this.#linked.abi.stacks.trim(this.#spare);
  }

  /** Whether it waits for another request: as good as new. */
  #keepsIdle(instance: Instance<C>, isQuiet: boolean): boolean {
    if (!isQuiet || this.#snapshot === undefined) return false;
    if (this.#idle.length >= limits.idleInstancesMax) return false;
    if (!instance.restart(this.#snapshot)) return false;
    this.#idle.push(instance);
    return true;
  }

  #drop(count: number): void {
    for (const instance of this.#idle.splice(0, count)) {
      this.#live.delete(instance);
      if (!this.#keepsMemories(instance)) this.#letGo(instance);
    }
  }

  #keepsMemories(instance: Instance<C>): boolean {
    const kept = this.#mapper?.kept;
    if (this.#snapshot === undefined || kept === undefined || kept.has(this)) return false;
    const memories = instance.giveUp(this.#snapshot);
    if (memories !== undefined) kept.keep(this, memories);
    return memories !== undefined;
  }

  /** Pages that nobody will see again do not wait until V8 collects garbage. */
  #letGo(instance: Instance<C>): void {
    if (this.#mapper === undefined) return;
    for (const memory of instance.memories) this.#mapper.letGo(memory);
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

/** What `drive` throws makes no difference to later requests: it is a reason to begin cold. */
async function stateAfter<C>(
  instance: Instance<C>,
  drive: WarmUp<C>["drive"],
): Promise<InstanceSnapshot | { readonly refused: string }> {
  try {
    await drive(instance);
    await instance.whenIdle();
  } catch (error) {
    return { refused: `the request failed: ${errorText(error)}` };
  }
  return instance.warmSnapshot();
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
  return { cores, handles: saved.handles };
}
