import type { BoundAbi, CoreFunction } from "../abi/compile.ts";
import { ComponentState, type RootState } from "../abi/component-state.ts";
import { GuestMemory } from "../abi/guest-memory.ts";
import { ResourceOperations, type ResourceRuntime } from "../abi/support.ts";
import type { CoreItem, LiftedFunction, PlanExport } from "../component/plan.ts";
import { WhorlError } from "../error.ts";
import type { HostResource } from "./host-interface.ts";
import { interfaceKey, parseInterfaceName } from "./interface-name.ts";
import type { LinkedComponent } from "./linker.ts";

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
    for (const core of plan.coreInstances) this.#instantiate(core);
  }

  #instantiate(core: LinkedComponent<C>["plan"]["coreInstances"][number]): void {
    const module = this.#linked.modules[core.module];
    if (module === undefined) throw new Error(`no core module ${core.module}`);
    const imports: Record<string, Record<string, unknown>> = {};
    for (const [name, fields] of core.imports) {
      const object: Record<string, unknown> = {};
      for (const [field, item] of fields) object[field] = this.#item(item);
      imports[name] = object;
    }
    const index = this.#coreExports.length;
    this.#coreExports.push(new WebAssembly.Instance(module, imports).exports);
    this.#bindSlots(index);
  }

  /** Makes what a new core instance exports available to the ABI. */
  #bindSlots(coreInstance: number): void {
    const { slots, suspends } = this.#linked.abi;
    for (const [index, item] of slots.memories.entries()) {
      if (item.kind !== "export" || item.instance !== coreInstance) continue;
      this.#memories[index]?.bind(this.#item(item) as WebAssembly.Memory);
    }
    for (const [index, item] of slots.functions.entries()) {
      if (item.kind !== "export" || item.instance !== coreInstance) continue;
      this.#functions[index] = this.#item(item) as CoreFunction;
    }
    if (!suspends) return;
    for (const lifted of slots.lifted) {
      const { core } = lifted;
      if (core.kind !== "export" || core.instance !== coreInstance) continue;
      this.#promising[slots.function(core)] = WebAssembly.promising(
        this.#item(core) as CoreFunction,
      );
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

  /** The function behind a name of {@link findExport}; calls return host values or a Promise. */
  lifted(lifted: LiftedFunction): CoreFunction {
    const call = this.#bound.lifted[this.#linked.abi.slots.lift(lifted)];
    if (call === undefined) throw new WhorlError("invalid", "the function is not an export");
    return call;
  }

  /** Drops every host resource that the guest has not dropped itself. */
  [Symbol.dispose](): void {
    this.#root.failure ??= new WhorlError("trap", "the instance has ended");
    for (const state of this.#states) {
      for (const { resource, representation } of state.handles.drain()) {
        const runtime = this.#resources[resource];
        if (runtime?.definer === undefined) runtime?.destroy(representation);
      }
    }
  }
}

/**
 * The exported function `name` of the exported interface (`wasi:http/incoming-handler@0.2.0`, any
 * version of the same semver track), or undefined.
 */
export function findExport<C>(
  linked: LinkedComponent<C>,
  interfaceName: string,
  name: string,
): LiftedFunction | undefined {
  const key = interfaceKey(parseInterfaceName(interfaceName));
  for (const [exportName, item] of linked.plan.exports) {
    if (item.kind !== "instance") continue;
    if (interfaceKey(parseInterfaceName(exportName)) !== key) continue;
    const found: PlanExport | undefined = item.exports.get(name);
    if (found?.kind === "func" && found.function.kind === "lift") return found.function;
  }
  return undefined;
}
