import { plainLift } from "../abi/bound-lift.ts";
import { callExport, type ExportCall } from "../abi/calls.ts";
import type { AbiInstance, BoundAbi, CoreFunction } from "../abi/compile.ts";
import { ComponentState, type RootState, SyncRoot } from "../abi/component-state.ts";
import { CopyEnd } from "../abi/copy-end.ts";
import { GuestMemory } from "../abi/guest-memory.ts";
import {
  gone,
  type KeptHandle,
  type KeptHandleNames,
  type TableEntry,
} from "../abi/handle-table.ts";
import { Stacks } from "../abi/stack-module.ts";
import { Store } from "../abi/store.ts";
import { ResourceOperations, type ResourceRuntime } from "../abi/support.ts";
import { Task } from "../abi/task.ts";
import { Thread } from "../abi/thread.ts";
import type { CoreItem, LiftedFunction } from "../component/plan.ts";
import { WhorlError } from "../error.ts";
import { hostModuleName } from "../prepare/interruptible-module.ts";
import { GuestGuard } from "./guest-guard.ts";
import { hostImports } from "./host-imports.ts";
import type { HostResource } from "./host-interface.ts";
import type { LinkedComponent } from "./linker.ts";
import type { CoreInstanceRecipe } from "./recipe.ts";
import { emptiedMemories, memoriesOf, restMemories } from "./core-memories.ts";
import {
  type CoreSnapshot,
  type InstanceSnapshot,
  restoreSnapshot,
  takeSnapshot,
} from "./snapshot.ts";

/** Made once: an error costs a stack trace, and every instance ends. */
const ended = new WhorlError("trap", "the instance has ended");

/**
 * One running copy of a component: its core instances, memories and handle tables. Serves one
 * request; {@link Instance.end} drops the host resources that the guest still holds. Where the
 * component allows it, {@link Instance.restart} makes it as good as new for another one.
 */
export class Instance<C> {
  readonly #linked: LinkedComponent<C>;
  readonly #root: RootState;
  /** Where something of the component is asynchronous. */
  readonly #store: Store | undefined;
  readonly #states: readonly ComponentState[];
  readonly #coreExports: Record<string, unknown>[] = [];
  readonly #memories: GuestMemory[] = [];
  readonly #functions: CoreFunction[] = [];
  readonly #tables: { get(index: number): CoreFunction | null }[] = [];
  readonly #suspendable: CoreFunction[] = [];
  readonly #resources: readonly ResourceRuntime[];
  readonly #bound: BoundAbi;
  readonly #trampolines: readonly unknown[];
  /** What host functions get first; undefined while it waits: it holds on to no request then. */
  readonly #host: { context: C | undefined };
  readonly #guard: GuestGuard;
  /** What its tables begin with, after a restart. */
  #kept: InstanceSnapshot["handles"];

  /** Instantiates synchronously; `kept`: of {@link giveUp}. Throws `trap` when that traps. */
  constructor(
    linked: LinkedComponent<C>,
    context: C,
    guard: GuestGuard = new GuestGuard({ callMsMax: Infinity }),
    kept?: readonly WebAssembly.Memory[][],
  ) {
    this.#linked = linked;
    this.#guard = guard;
    this.#host = { context };
    const { plan, abi } = linked;
    this.#store = abi.isAsync ? new Store() : undefined;
    this.#root = this.#store ?? new SyncRoot();
    this.#states = this.#newStates();
    this.#resources = plan.resources.map((_, index) => this.#resource(index));
    for (const _ of abi.slots.memories) this.#memories.push(new GuestMemory());
    const core: AbiInstance = {
      memories: this.#memories,
      functions: this.#functions,
      suspendable: this.#suspendable,
      states: this.#states,
      root: this.#root,
      resources: new ResourceOperations(this.#resources),
      tables: this.#tables,
      host: this.#host,
    };
    this.#bound = abi.bind(core);
    this.#trampolines = this.#importable(core);
    for (const [slot, item] of abi.slots.functions.entries()) {
      if (item.kind === "trampoline") {
        const items = abi.isAsync ? this.#trampolines : this.#bound.trampolines;
        this.#functions[slot] = items[item.trampoline] as CoreFunction;
      }
    }
    this.#begin();
    guard.instantiate(() => {
      for (const [at, recipe] of linked.recipes.entries()) this.#instantiate(recipe, kept?.[at]);
    });
  }

  #newStates(): ComponentState[] {
    const states: ComponentState[] = [];
    for (const { parent } of this.#linked.plan.componentInstances) {
      const around = parent === undefined ? undefined : states[parent];
      const { handlesMax } = this.#linked;
      states.push(
        new ComponentState(this.#root, { parent: around, store: this.#store, handlesMax }),
      );
    }
    return states;
  }

  /** The trampolines as core modules import them. */
  #importable(core: AbiInstance): unknown[] {
    const { abi } = this.#linked;
    const { trampolines } = this.#bound;
    if (abi.stackModule !== undefined) {
      const stacks = new Stacks(
        abi.stackModule,
        (wrapper) => trampolines[abi.wrapped[wrapper] ?? -1] as CoreFunction,
      );
      core.stacks = stacks;
      const items: unknown[] = [...trampolines];
      for (const [wrapper, index] of abi.wrapped.entries()) items[index] = stacks.wrappers[wrapper];
      return items;
    }
    return trampolines.map((call, index) =>
      abi.suspending[index] === true ? new WebAssembly.Suspending(call) : call,
    );
  }

  /** Makes the thread that stands in where no task runs: in start functions and realloc. */
  #begin(): void {
    const [state] = this.#states;
    if (this.#store === undefined || state === undefined) return;
    const task = new Task(plainLift(state, noCore), {
      instance: undefined,
      start: () => [],
      resolve: () => undefined,
      cancelled: () => undefined,
    });
    this.#store.setSpareThread(new Thread(task, () => undefined));
  }

  #instantiate(recipe: CoreInstanceRecipe, kept?: readonly WebAssembly.Memory[]): void {
    // Without a prototype: names come from the guest and may be `__proto__`.
    const imports = { __proto__: null } as unknown as Record<string, Record<string, unknown>>;
    for (const { module, fields } of recipe.imports) {
      const object = { __proto__: null } as unknown as Record<string, unknown>;
      for (const { name, item } of fields) object[name] = this.#item(item);
      imports[module] = object;
    }
    if (recipe.host !== undefined) {
      imports[hostModuleName] = hostImports(recipe.host, this.#guard.page, kept);
    }
    const { exports } = new WebAssembly.Instance(recipe.module, imports);
    this.#coreExports.push(exports);
    for (const { slot, exportName } of recipe.memories) {
      this.#memories[slot]?.bind(exports[exportName] as WebAssembly.Memory);
    }
    for (const { slot, exportName } of recipe.functions) {
      this.#functions[slot] = exports[exportName] as CoreFunction;
    }
    for (const { slot, exportName } of recipe.tables) {
      this.#tables[slot] = exports[exportName] as { get(index: number): CoreFunction | null };
    }
    const { stacks } = this.#linked.abi;
    for (const { slot, exportName, signature } of recipe.suspendable) {
      this.#suspendable[slot] = stacks.suspendable(signature, exports[exportName] as CoreFunction);
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
        destroy: (representation) => {
          if (representation !== gone) {
            host?.drop?.(this.#host.context as C, representation as object);
          }
        },
      };
    }
    const { destructor } = resource;
    const definer = this.#states[resource.instance];
    return {
      definer,
      destroy: (representation, caller) => {
        if (destructor === undefined || definer === undefined) return;
        this.#destroy(this.#item(destructor) as CoreFunction, representation, { definer, caller });
      },
    };
  }

  /** Calls a guest's destructor, as a function of the component instance that defines the type. */
  #destroy(
    destructor: CoreFunction,
    representation: unknown,
    { definer, caller }: { definer: ComponentState; caller: ComponentState | undefined },
  ): void {
    if (this.#store === undefined) {
      definer.enterFrom(caller);
      destructor(representation);
      definer.leaveTo(caller);
      return;
    }
    new Task(
      plainLift(definer, () => destructor),
      {
        instance: caller,
        start: () => [representation],
        resolve: () => undefined,
        cancelled: () => undefined,
      },
    ).call(() => undefined);
  }

  /** The callable of an exported function: takes host values, returns one or a Promise of one. */
  lifted(lifted: LiftedFunction): CoreFunction {
    const { slots } = this.#linked.abi;
    const bound = this.#bound;
    const store = this.#store;
    if (bound.kind === "async" && store !== undefined) {
      const callee = bound.lifted[slots.lift(lifted)];
      if (callee === undefined) throw notExported();
      return (...args) => this.#guard.start(this, () => callExport(store, callee, args)).result;
    }
    const call = bound.kind === "sync" ? bound.lifted[slots.lift(lifted)] : undefined;
    if (call === undefined) throw notExported();
    return (...args) => this.#guard.call(this, call, args);
  }

  /**
   * Calls an exported function that may go on working after it has returned. Several calls may be
   * under way in a component that has asynchronous functions. `over`: as {@link GuestGuard.start}.
   */
  start(lifted: LiftedFunction, args: readonly unknown[], over?: Promise<void>): ExportCall {
    const bound = this.#bound;
    if (bound.kind === "async" && this.#store !== undefined) {
      const callee = bound.lifted[this.#linked.abi.slots.lift(lifted)];
      if (callee === undefined) throw notExported();
      const store = this.#store;
      return this.#guard.start(this, () => callExport(store, callee, args), over);
    }
    const result = (async (): Promise<unknown> => this.lifted(lifted)(...args))();
    const done = result.then(() => undefined);
    done.catch(() => undefined);
    return { result, done, cancel: () => undefined };
  }

  /** Resolves when no call is under way and nothing that calls have started goes on. */
  async whenIdle(): Promise<void> {
    await this.#store?.whenIdle();
  }

  /** Lets everything that is under way fail with this error; nothing new begins. */
  fail(error: Error): void {
    this.#root.fail(error);
  }

  /**
   * Cancels what is under way, closes streams and futures, and drops every host resource that the
   * guest has not dropped itself. Nothing of the guest runs afterwards. Returns whether it ended in
   * order: no trap, and no call was inside any more.
   */
  end(): boolean {
    const isQuiet =
      this.#root.failure === undefined &&
      this.#states.every((each) => !each.entered) &&
      this.#store?.isQuiet !== false;
    this.fail(ended);
    for (const state of this.#states) {
      for (const entry of state.handles.drain()) this.#release(entry);
      state.reset();
    }
    this.#store?.reset();
    return isQuiet;
  }

  #release(entry: TableEntry): void {
    if (entry instanceof CopyEnd) {
      entry.shared.close();
      return;
    }
    if (entry.resource === undefined || entry.scope !== undefined) return;
    const runtime = this.#resources[entry.resource];
    if (runtime?.definer === undefined) runtime?.destroy(entry.representation);
  }

  /**
   * The state of a new instance, before its first call; undefined where it cannot be put back:
   * without proof (prepare/reset-proof.ts), or when instantiation called the host, whose answer
   * might be another one next time.
   */
  snapshot(): InstanceSnapshot | undefined {
    if (this.#root.callsOut > 0) return undefined;
    if (this.#states.some((state) => !state.handles.isEmpty)) return undefined;
    const cores = this.#coreSnapshots();
    return cores === undefined ? undefined : { cores };
  }

  #coreSnapshots(): CoreSnapshot[] | undefined {
    const cores: CoreSnapshot[] = [];
    for (const [index, { reset }] of this.#linked.recipes.entries()) {
      const exports = this.#coreExports[index];
      if (reset === undefined || exports === undefined) return undefined;
      cores.push(takeSnapshot(exports, reset));
    }
    return cores;
  }

  /**
   * The state after calls. Refused while anything goes on. Resources of the host that the guest
   * still holds, as garbage that it has yet to collect, will be there and good for nothing, except
   * for what every instance has (HostResource.lasting).
   */
  warmSnapshot(): InstanceSnapshot | { readonly refused: string } {
    const { failure } = this.#root;
    if (failure !== undefined) return { refused: `it failed: ${failure.message}` };
    if (this.#states.some(({ entered }) => entered) || this.#store?.isQuiet === false) {
      return { refused: "something of it still goes on after the answer" };
    }
    const { plan, hostResources } = this.#linked;
    const names: KeptHandleNames = {
      isGuests: (resource) => plan.resources[resource]?.kind === "defined",
      nameOf: (resource, representation) =>
        hostResources[resource]?.lasting?.nameOf(representation as object),
    };
    const handles: KeptHandle[][] = [];
    for (const state of this.#states) {
      const kept = state.handles.kept(names);
      if (kept === undefined) return { refused: "it keeps more than resources of the host" };
      handles.push(kept);
    }
    const cores = this.#coreSnapshots();
    return cores === undefined ? { refused: "its state cannot be put back" } : { cores, handles };
  }

  /**
   * Puts an instance that ended in order back to a snapshot of another new instance of the same
   * component. Returns false when that is not worth its cost: the instance is of no use then.
   */
  restart(snapshot: InstanceSnapshot): boolean {
    for (let index = 0; index < snapshot.cores.length; index++) {
      const core = snapshot.cores[index];
      const exports = this.#coreExports[index];
      if (!core || !exports || !restoreSnapshot(exports, core)) return false;
    }
    this.#kept = snapshot.handles;
    this.#host.context = undefined;
    return true;
  }

  get memories(): ReadonlySet<WebAssembly.Memory> {
    return memoriesOf(this.#coreExports);
  }

  /** Gives back its pages, once it was put back to `snapshot`; false where some of them stay. */
  rest(snapshot: InstanceSnapshot): boolean {
    return restMemories(this.#coreExports, snapshot.cores);
  }

  /** Its memories for another instance, once it was put back to `snapshot`: emptiedMemories. */
  giveUp(snapshot: InstanceSnapshot): WebAssembly.Memory[][] | undefined {
    return emptiedMemories(this.#coreExports, snapshot.cores);
  }

  /** Lets a restarted instance serve for this context. */
  resume(context: C): void {
    this.#host.context = context;
    this.#root.failure = undefined;
    if (this.#kept !== undefined) this.#beginHandles(this.#kept, context);
  }

  #beginHandles(tables: readonly (readonly KeptHandle[])[], context: C): void {
    this.#kept = undefined;
    const { hostResources } = this.#linked;
    const named = (resource: number, name: string): object =>
      hostResources[resource]?.lasting?.of(context, name) ?? gone;
    for (const [index, kept] of tables.entries()) this.#states[index]?.handles.begin(kept, named);
  }
}

function noCore(): never {
  throw new WhorlError("invalid", "there is no function to call");
}

function notExported(): WhorlError {
  return new WhorlError("invalid", "the function is not an export");
}
