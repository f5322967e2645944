import type { BoundAbi, CoreFunction } from "../abi/compile.ts";
import { ComponentState, type RootState } from "../abi/component-state.ts";
import { GuestMemory } from "../abi/guest-memory.ts";
import { ResourceOperations, type ResourceRuntime } from "../abi/support.ts";
import type { CoreItem, LiftedFunction } from "../component/plan.ts";
import { WhorlError } from "../error.ts";
import type { HostResource } from "./host-interface.ts";
import type { LinkedComponent } from "./linker.ts";
import type { CoreInstanceRecipe } from "./recipe.ts";
import { type CoreSnapshot, restoreSnapshot, takeSnapshot } from "./snapshot.ts";

/** Made once: an error costs a stack trace, and every instance ends. */
const ended = new WhorlError("trap", "the instance has ended");

/**
 * One running copy of a component: its core instances, memories and handle tables. Serves one
 * request; {@link Instance.end} drops the host resources that the guest still holds. Where the
 * component allows it, {@link Instance.restart} makes it as good as new for another one.
 */
export class Instance<C> {
  readonly #linked: LinkedComponent<C>;
  readonly #root: RootState = { failure: undefined, callsOut: 0 };
  readonly #states: readonly ComponentState[];
  readonly #coreExports: Record<string, unknown>[] = [];
  readonly #memories: GuestMemory[] = [];
  readonly #functions: CoreFunction[] = [];
  readonly #promising: CoreFunction[] = [];
  readonly #resources: readonly ResourceRuntime[];
  readonly #bound: BoundAbi;
  readonly #trampolines: readonly unknown[];
  /** What host functions get first; another one after a restart. */
  readonly #host: { context: C };

  /** Instantiates synchronously. Throws `trap` when a start function traps. */
  constructor(linked: LinkedComponent<C>, context: C) {
    this.#linked = linked;
    this.#host = { context };
    const { plan, abi } = linked;
    this.#states = plan.componentInstances.map(() => new ComponentState(this.#root));
    this.#resources = plan.resources.map((_, index) => this.#resource(index));
    for (const _ of abi.slots.memories) this.#memories.push(new GuestMemory());
    this.#bound = abi.bind({
      memories: this.#memories,
      functions: this.#functions,
      promising: this.#promising,
      states: this.#states,
      resources: new ResourceOperations(this.#resources),
      host: this.#host,
    });
    this.#trampolines = this.#bound.trampolines.map((call, index) =>
      abi.suspending[index] === true ? new WebAssembly.Suspending(call) : call,
    );
    for (const [slot, item] of abi.slots.functions.entries()) {
      if (item.kind === "trampoline") {
        this.#functions[slot] = this.#bound.trampolines[item.trampoline] as CoreFunction;
      }
    }
    for (const recipe of linked.recipes) this.#instantiate(recipe);
  }

  #instantiate(recipe: CoreInstanceRecipe): void {
    // Without a prototype: names come from the guest and may be `__proto__`.
    const imports = { __proto__: null } as unknown as Record<string, Record<string, unknown>>;
    for (const { module, fields } of recipe.imports) {
      const object = { __proto__: null } as unknown as Record<string, unknown>;
      for (const { name, item } of fields) object[name] = this.#item(item);
      imports[module] = object;
    }
    const { exports } = new WebAssembly.Instance(recipe.module, imports);
    this.#coreExports.push(exports);
    for (const { slot, exportName } of recipe.memories) {
      this.#memories[slot]?.bind(exports[exportName] as WebAssembly.Memory);
    }
    for (const { slot, exportName } of recipe.functions) {
      this.#functions[slot] = exports[exportName] as CoreFunction;
    }
    for (const { slot, exportName } of recipe.promising) {
      this.#promising[slot] = WebAssembly.promising(exports[exportName] as CoreFunction);
    }
  }

  #item(item: CoreItem): unknown {
    if (item.kind === "trampoline") return this.#trampolines[item.trampoline];
    return this.#coreExports[item.instance]?.[item.name];
  }

  #resource(index: number): ResourceRuntime {
    const resource = this.#linked.plan.resources[index];
    if (resource?.kind !== "defined") {
      const host: HostResource<C> | undefined = this.#linked.hostResources[index];
      return {
        definer: undefined,
        destroy: (representation) => host?.drop?.(this.#host.context, representation as object),
      };
    }
    const { destructor } = resource;
    return {
      definer: this.#states[resource.instance],
      destroy: (representation) => {
        if (destructor === undefined) return;
        (this.#item(destructor) as CoreFunction)(representation);
      },
    };
  }

  /** The callable of an exported function: takes host values, returns one or a Promise of one. */
  lifted(lifted: LiftedFunction): CoreFunction {
    const call = this.#bound.lifted[this.#linked.abi.slots.lift(lifted)];
    if (call === undefined) throw new WhorlError("invalid", "the function is not an export");
    return call;
  }

  /**
   * Drops every host resource that the guest has not dropped itself. Nothing of the guest runs
   * afterwards. Returns whether it ended in order: no trap, and no call is inside any more.
   */
  end(): boolean {
    const isQuiet = this.#root.failure === undefined && this.#states.every((each) => !each.entered);
    this.#root.failure ??= ended;
    for (const state of this.#states) {
      for (const { resource, representation } of state.handles.drain()) {
        const runtime = this.#resources[resource];
        if (runtime?.definer === undefined) runtime?.destroy(representation);
      }
    }
    return isQuiet;
  }

  /**
   * The state of a new instance, before its first call; undefined where it cannot be put back:
   * without proof (prepare/reset-proof.ts), or when instantiation called the host, whose answer
   * might be another one next time.
   */
  snapshot(): InstanceSnapshot | undefined {
    if (this.#root.callsOut > 0) return undefined;
    if (this.#states.some((state) => !state.handles.isEmpty)) return undefined;
    const cores: CoreSnapshot[] = [];
    for (const [index, { reset }] of this.#linked.recipes.entries()) {
      const exports = this.#coreExports[index];
      if (reset === undefined || exports === undefined) return undefined;
      cores.push(takeSnapshot(exports, reset));
    }
    return { cores };
  }

  /**
   * Puts an instance that ended in order back to a snapshot of another new instance of the same
   * component. Returns false when that is not worth its cost: the instance is of no use then.
   */
  restart(snapshot: InstanceSnapshot): boolean {
    for (const [index, core] of snapshot.cores.entries()) {
      const exports = this.#coreExports[index];
      if (exports === undefined || !restoreSnapshot(exports, core)) return false;
    }
    return true;
  }

  /** Lets a restarted instance serve for this context. */
  resume(context: C): void {
    this.#host.context = context;
    this.#root.failure = undefined;
  }
}

/** State right after instantiation, by core instance. */
export interface InstanceSnapshot {
  readonly cores: readonly CoreSnapshot[];
}
