import type { AbiInstance } from "./compile.ts";
import type { ComponentState } from "./component-state.ts";
import type { CoreFunction } from "./core-function.ts";
import type { BorrowScope } from "./handle-table.ts";
import type { LiftedCall } from "./task.ts";

/** What is the same for a lifted function in all instances; numbers are slots and runners. */
export interface LiftFacts {
  readonly isAsyncType: boolean;
  readonly isAsyncLift: boolean;
  readonly resultKey: string;
  readonly memoryKey: string;
  readonly core: number;
  readonly callback: number | undefined;
  readonly runner: number;
  readonly callbackRunner: number;
}

/** The code made for its signature. */
export interface LiftCode {
  lower(scope: BorrowScope, args: readonly unknown[]): readonly unknown[];
  lift(value: unknown): unknown;
  readonly postReturn: ((value: unknown) => void) | undefined;
}

/** A lifted function in one instance. */
export class BoundLift implements LiftedCall {
  readonly instance: ComponentState;
  readonly #facts: LiftFacts;
  readonly #abi: AbiInstance;
  readonly #code: LiftCode;

  constructor(instance: ComponentState, facts: LiftFacts, abi: AbiInstance, code: LiftCode) {
    this.instance = instance;
    this.#facts = facts;
    this.#abi = abi;
    this.#code = code;
  }

  get isAsyncType(): boolean {
    return this.#facts.isAsyncType;
  }

  get isAsyncLift(): boolean {
    return this.#facts.isAsyncLift;
  }

  get resultKey(): string {
    return this.#facts.resultKey;
  }

  get memoryKey(): string {
    return this.#facts.memoryKey;
  }

  get postReturn(): ((value: unknown) => void) | undefined {
    return this.#code.postReturn;
  }

  core(): CoreFunction {
    return this.#abi.functions[this.#facts.core] as CoreFunction;
  }

  callback(): CoreFunction | undefined {
    const { callback } = this.#facts;
    return callback === undefined ? undefined : this.#abi.functions[callback];
  }

  runner(): CoreFunction | undefined {
    return this.#abi.stacks?.runners[this.#facts.runner];
  }

  callbackRunner(): CoreFunction | undefined {
    return this.#abi.stacks?.runners[this.#facts.callbackRunner];
  }

  lower(scope: BorrowScope, args: readonly unknown[]): readonly unknown[] {
    return this.#code.lower(scope, args);
  }

  lift(value: unknown): unknown {
    return this.#code.lift(value);
  }
}

/** A core function without conversions, called as a synchronous function: destructors, start-up. */
export function plainLift(instance: ComponentState, core: () => CoreFunction): LiftedCall {
  return {
    instance,
    isAsyncType: false,
    isAsyncLift: false,
    resultKey: "",
    memoryKey: "",
    core,
    callback: () => undefined,
    runner: () => undefined,
    callbackRunner: () => undefined,
    lower: (_scope, args) => args,
    lift: () => undefined,
    postReturn: undefined,
  };
}
