import type { LiftedFunction, Plan, Trampoline } from "../component/plan.ts";
import type { CoreFuncType } from "../component/types.ts";
import { asyncRuntime } from "./async-runtime.ts";
import { blockingTrampolines, isAsynchronous } from "./blocking.ts";
import type { BoundLift } from "./bound-lift.ts";
import { emitAsyncLift, emitAsyncLower, emitWrapped, RunnerSignatures } from "./compile-async.ts";
import { emitSyncLift, emitSyncLower } from "./compile-sync.ts";
import type { ComponentState, RootState } from "./component-state.ts";
import { Conversions } from "./conversions.ts";
import type { CoreFunction } from "./core-function.ts";
import { emitBuiltin } from "./emit-builtin.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { KeptStacks } from "./kept-stacks.ts";
import { flattenFunction } from "./layout.ts";
import { Slots } from "./slots.ts";
import { makeStackModule, type StackModule, type Stacks } from "./stack-module.ts";
import { type ResourceOperations, support } from "./support.ts";

/** The host's side of one lowered import. */
export interface HostBinding {
  // oxlint-disable-next-line typescript/no-explicit-any -- called with values of the WIT signature
  readonly call: (context: any, ...values: any[]) => unknown;
  /** The result may be a Promise although its type is not async: the guest is suspended. */
  readonly suspends: boolean;
}

/** One instance as generated code sees it. Arrays are indexed by {@link Slots}. */
export interface AbiInstance {
  readonly memories: readonly GuestMemory[];
  readonly functions: readonly CoreFunction[];
  /** Of thread.new-indirect. */
  readonly tables?: readonly { get(index: number): CoreFunction | null }[];
  /** The same functions, suspendable; filled only for lifted functions of suspending plans. */
  readonly suspendable: readonly CoreFunction[];
  readonly states: readonly ComponentState[];
  /** Of {@link states}; a SyncRoot where nothing is asynchronous. */
  readonly root: RootState;
  readonly resources: ResourceOperations;
  /** Holds what host functions get first. */
  readonly host: { readonly context: unknown };
  /** Set after binding, where {@link CompiledAbi.stackModule} says so. */
  stacks?: Stacks;
}

export type { CoreFunction } from "./core-function.ts";

export type BoundAbi =
  | {
      readonly kind: "sync";
      /** By index of Plan.trampolines. */
      readonly trampolines: readonly CoreFunction[];
      /** By {@link Slots.lift}: take and return host values; Promises where the plan suspends. */
      readonly lifted: readonly CoreFunction[];
    }
  | {
      readonly kind: "async";
      readonly trampolines: readonly CoreFunction[];
      /** By {@link Slots.lift}: called by tasks. */
      readonly lifted: readonly BoundLift[];
    };

export interface CompiledAbi {
  readonly slots: Slots;
  /** Whether calls make tasks: anything of the component is asynchronous. */
  readonly isAsync: boolean;
  /**
   * Whether guest calls may be suspended: lifted functions then return Promises. Of components
   * that are not asynchronous.
   */
  readonly suspends: boolean;
  /** By trampoline index: must be wrapped in WebAssembly.Suspending. */
  readonly suspending: readonly boolean[];
  /** What the lifted functions of components that suspend are called on. */
  readonly stacks: KeptStacks;
  /** By slot of a core function that is called on {@link stacks}: the number of its signature. */
  readonly suspendable: ReadonlyMap<number, number>;
  /** For asynchronous components that may block on their stack. */
  readonly stackModule: StackModule | undefined;
  /** Trampoline indices by number of the stack module's wrapper. */
  readonly wrapped: readonly number[];
  bind(instance: AbiInstance): BoundAbi;
}

/**
 * Generates the canonical ABI functions of a plan, once: afterwards no type is looked at. `hosts`
 * is indexed by Plan.imports and has an entry for each function that is lowered.
 *
 * Everything is one function body, so that an instance costs one call and its closures; V8
 * compiles each inner function when it is first called.
 */
export function compileAbi(plan: Plan, hosts: readonly (HostBinding | undefined)[]): CompiledAbi {
  return isAsynchronous(plan) ? compileAsync(plan, hosts) : compileSync(plan, hosts);
}

function compileSync(plan: Plan, hosts: readonly (HostBinding | undefined)[]): CompiledAbi {
  const slots = Slots.of(plan);
  const conversions = new Conversions(slots, [], false);
  const suspends = plan.trampolines.some((trampoline) => isSuspendingHost(trampoline, hosts));
  const suspending = plan.trampolines.map(
    (trampoline) =>
      isSuspendingHost(trampoline, hosts) ||
      (suspends && trampoline.kind === "lower" && trampoline.function.kind === "lift"),
  );
  const isNested = plan.componentInstances.length > 1;
  const lifted = slots.lifted.map((item, index) =>
    emitSyncLift(conversions, item, index, { suspends, isNested }),
  );
  const trampolines = plan.trampolines.map((item, index) => {
    if (item.kind !== "lower") return emitResource(item, index);
    const wait = suspending[index] === true ? "jspi" : "never";
    return emitSyncLower(conversions, item, index, {
      wait,
      isNested,
      isRecursive: isRecursive(plan, item),
    });
  });
  const bind = makeBind([...lifted, ...trampolines], conversions.constants, hosts, "sync");
  return {
    slots,
    isAsync: false,
    suspends,
    suspending,
    ...liftStacks(slots, suspends ? slots.lifted : []),
    stackModule: undefined,
    wrapped: [],
    bind,
  };
}

function liftStacks(
  slots: Slots,
  lifted: readonly LiftedFunction[],
): Pick<CompiledAbi, "stacks" | "suspendable"> {
  const signatures = new RunnerSignatures();
  const suspendable = new Map<number, number>();
  for (const { core, type } of lifted) {
    const { params, results } = flattenFunction(type, "lift");
    suspendable.set(slots.function(core), signatures.index({ params, results }));
  }
  return { stacks: new KeptStacks(signatures.list), suspendable };
}

function isSuspendingHost(
  trampoline: Trampoline,
  hosts: readonly (HostBinding | undefined)[],
): boolean {
  if (trampoline.kind !== "lower" || trampoline.function.kind !== "import") return false;
  return hosts[trampoline.function.import]?.suspends === true;
}

function compileAsync(plan: Plan, hosts: readonly (HostBinding | undefined)[]): CompiledAbi {
  const slots = Slots.of(plan);
  const conversions = new Conversions(slots, [], true);
  const signatures = new RunnerSignatures();
  const blocking = blockingTrampolines(plan, hosts);
  const lifted = slots.lifted.map((item, index) =>
    emitAsyncLift(conversions, item, index, { signatures, blocking }),
  );
  const trampolines = plan.trampolines.map((item, index) => {
    if (item.kind === "builtin") return emitBuiltin(conversions, item, index, signatures);
    if (item.kind !== "lower") return emitResource(item, index);
    if (item.function.kind === "lift" || item.function.type.async) {
      return emitAsyncLower(conversions, item, index, isRecursive(plan, item));
    }
    const wait = isSuspendingHost(item, hosts) ? "stack" : "never";
    return emitSyncLower(conversions, item, index, {
      wait,
      isNested: false,
      isRecursive: false,
    });
  });
  const wrapped = [...blocking.keys()].filter((index) => blocking[index] === true);
  const types = wrapped.map((index) => coreTypeOf(plan.trampolines[index]));
  const wrappers = wrapped.map((index, position) =>
    emitWrapped(index, types[position] ?? { params: [], results: [] }),
  );
  const code = [...lifted, ...trampolines, ...wrappers];
  const bind = makeBind(code, conversions.constants, hosts, "async");
  return {
    slots,
    isAsync: true,
    suspends: false,
    suspending: plan.trampolines.map(() => false),
    ...liftStacks(slots, []),
    stackModule: wrapped.length === 0 ? undefined : makeStackModule(types, signatures.list),
    wrapped,
    bind,
  };
}

/** Whether a component instance calls itself, one inside it, or one around it. */
function isRecursive(plan: Plan, trampoline: Trampoline): boolean {
  if (trampoline.kind !== "lower" || trampoline.function.kind !== "lift") return false;
  const { instance: callee } = trampoline.function;
  const { instance: caller } = trampoline;
  return isAround(plan, caller, callee) || isAround(plan, callee, caller);
}

function isAround(plan: Plan, outer: number, inner: number): boolean {
  for (let index: number | undefined = inner; index !== undefined;) {
    if (index === outer) return true;
    index = plan.componentInstances[index]?.parent;
  }
  return false;
}

function coreTypeOf(trampoline: Trampoline | undefined): CoreFuncType {
  if (trampoline?.kind === "builtin") return trampoline.signature;
  if (trampoline?.kind !== "lower") throw new Error("a trampoline of another kind does not block");
  const { options, function: callee } = trampoline;
  return flattenFunction(callee.type, "lower", options.async ? "async" : "sync");
}

function emitResource(trampoline: Trampoline, index: number): string {
  const { instance } = trampoline;
  const head = `{ const i = S[${instance}], h = i.handles; T[${index}] = (p0) => { try { `;
  const tail = " } catch (e) { throw i.fail(e); } }; }";
  switch (trampoline.kind) {
    case "resource.new":
      return `${head}i.checkLeaving(); return h.addOwn(${trampoline.resource}, p0);${tail}`;
    case "resource.rep":
      return `${head}return h.get(p0 >>> 0, ${trampoline.resource}).representation;${tail}`;
    case "resource.drop":
      return `${head}i.checkMayLeave(); O.drop(i, p0 >>> 0, ${trampoline.resource});${tail}`;
    default:
      throw new Error(`${trampoline.kind} is not a resource built-in`);
  }
}

function makeBind(
  code: readonly string[],
  constants: readonly unknown[],
  hosts: readonly (HostBinding | undefined)[],
  kind: "sync" | "async",
): (instance: AbiInstance) => BoundAbi {
  const source = [
    '"use strict";',
    "const u = undefined;",
    "return (X) => {",
    "const W = X.host, S = X.states, M = X.memories, F = X.functions, P = X.suspendable,",
    "O = X.resources, R = X.root, L = [], T = [], C = [];",
    ...code,
    `return { kind: "${kind}", trampolines: T, lifted: L };`,
    "};",
  ].join("\n");
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- specialised per signature; names enter only quoted (emitter.ts)
  const make = new Function("$", "Q", "K", "H", source);
  return make(
    support,
    asyncRuntime,
    constants,
    hosts.map((host) => host?.call),
  ) as (instance: AbiInstance) => BoundAbi;
}
