import type { BoundAbi, CoreFunction } from "../abi/compile.ts";
import { ComponentState, type RootState } from "../abi/component-state.ts";
import { GuestMemory } from "../abi/guest-memory.ts";
import { ResourceOperations, type ResourceRuntime } from "../abi/support.ts";
import type { CoreItem, LiftedFunction } from "../component/plan.ts";
import { WhorlError } from "../error.ts";
import type { HostResource } from "./host-interface.ts";
import type { LinkedComponent } from "./linker.ts";
import { memoryImport } from "../prepare/import-memory.ts";
import type { MemoryPool } from "./memory-pool.ts";
import type { CoreInstanceRecipe } from "./recipe.ts";

/** Made once: an error costs a stack trace, and every instance ends. */
const ended = new WhorlError("trap", "the instance has ended");

/**
 * One running copy of a component: its core instances, memories and handle tables. Lives for one
 * request; {@link Instance[Symbol.dispose]} drops the host resources that the guest still holds.
 */
export class Instance<C> {
  readonly #linked: LinkedComponent<C>;
  readonly #context: C;
  readonly #root: RootState = { failure: undefined };
  readonly #states: readonly ComponentState[];
  readonly #coreExports: Record<string, unknown>[] = [];
  readonly #memories: GuestMemory[] = [];
  readonly #functions: CoreFunction[] = [];
  readonly #promising: CoreFunction[] = [];
  readonly #resources: readonly ResourceRuntime[];
  readonly #bound: BoundAbi;
  readonly #trampolines: readonly unknown[];
  readonly #pooled: { readonly pool: MemoryPool; readonly memory: WebAssembly.Memory }[] = [];

  /** Instantiates synchronously. Throws `trap` when a start function traps. */
  constructor(linked: LinkedComponent<C>, context: C) {
    this.#linked = linked;
    this.#context = context;
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
      context,
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
    const { memoryPool } = recipe;
    if (memoryPool !== undefined) {
      const memory = memoryPool.take();
      imports[memoryImport.module] = { [memoryImport.name]: memory };
      this.#pooled.push({ pool: memoryPool, memory });
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
      const context = this.#context;
      return {
        definer: undefined,
        destroy: (representation) => host?.drop?.(context, representation as object),
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

  /** Drops every host resource that the guest has not dropped itself. */
  [Symbol.dispose](): void {
    this.#root.failure ??= ended;
    for (const state of this.#states) {
      for (const { resource, representation } of state.handles.drain()) {
        const runtime = this.#resources[resource];
        if (runtime?.definer === undefined) runtime?.destroy(representation);
      }
    }
    this.#giveBackMemories();
  }

  /**
   * After a trap, or with a call still inside, they are not used again: that call may be
   * suspended in the middle of guest code, which would go on in a memory that belongs to somebody
   * else by then.
   */
  #giveBackMemories(): void {
    const isQuiet = this.#states.every((state) => !state.entered);
    if (isQuiet) for (const { pool, memory } of this.#pooled) pool.giveBack(memory);
    this.#pooled.length = 0;
  }
}
