import { type AsyncValues, asyncValues } from "./async-values.ts";
import { BoundLift, type LiftCode, type LiftFacts } from "./bound-lift.ts";
import { type Calls, calls } from "./calls.ts";
import type { AbiInstance } from "./compile.ts";
import type { ComponentState } from "./component-state.ts";
import { type CopyBuiltins, copyBuiltins } from "./copy-builtins.ts";
import type { ItemCodec } from "./copy-buffer.ts";
import type { CoreFunction } from "./core-function.ts";
import { type TaskBuiltins, taskBuiltins } from "./task-builtins.ts";

/** Functions that the generated code of asynchronous components calls (`Q`). */
export interface AsyncRuntime extends AsyncValues, Calls, CopyBuiltins, TaskBuiltins {
  lifted(instance: ComponentState, facts: LiftFacts, abi: AbiInstance, code: LiftCode): BoundLift;
  reallocate(
    instance: ComponentState,
    core: CoreFunction,
    ...args: readonly [number, number, number, number]
  ): number;
  /** Of streams and futures without a type: there is only a count. */
  readonly unitCodec: ItemCodec;
  /** Calls post-return: the guest may not call out meanwhile. */
  postReturn(instance: ComponentState, core: CoreFunction, ...args: readonly unknown[]): void;
}

const unitCodec: ItemCodec = {
  size: 0,
  align: 1,
  isBytes: false,
  memory: undefined,
  load(_pointer, count) {
    // Not `new Array(count)`, which would take memory for up to 2^28 items.
    const items: undefined[] = [];
    items.length = count;
    return items;
  },
  store: () => undefined,
};

export const asyncRuntime: AsyncRuntime = {
  ...asyncValues,
  ...calls,
  ...copyBuiltins,
  ...taskBuiltins,
  unitCodec,
  lifted: (instance, facts, abi, code) => new BoundLift(instance, facts, abi, code),
  /** On a thread of its own, so that it does not see what context.set has stored. */
  reallocate(instance, core, ...args) {
    const { store } = instance;
    const before = store.current;
    store.current = store.reallocThread;
    instance.mayLeave = false;
    const pointer: number = core(...args);
    instance.mayLeave = true;
    store.current = before;
    return pointer;
  },
  postReturn(instance, core, ...args) {
    instance.mayLeave = false;
    core(...args);
    instance.mayLeave = true;
  },
};
