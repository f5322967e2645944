import type { CoreFuncType } from "../component/types.ts";
import { limits } from "../limits.ts";
import type { CoreFunction } from "./core-function.ts";
import { type KeptStackImports, keptStackRunners } from "./kept-stack-module.ts";

/**
 * Stacks that guest code can be suspended on, kept for the next call of the same component.
 *
 * `WebAssembly.promising` takes a new stack for each call. V8 keeps four megabytes of them, which is
 * four; beyond that each call maps, protects and unmaps one. With 32 requests that wait for a
 * database at the same time this was more than half of a request's cost. Here a stack never
 * returns: it reports the result and waits to be told of another call.
 */
export class KeptStacks {
  readonly #signatures: readonly CoreFuncType[];
  readonly #parked: Stack[][];
  #runners: readonly CoreFunction[] | undefined;

  constructor(signatures: readonly CoreFuncType[]) {
    this.#signatures = signatures;
    this.#parked = signatures.map(() => []);
  }

  /** A core function of this signature, as `WebAssembly.promising` would make it. */
  suspendable(signature: number, callee: CoreFunction): CoreFunction {
    return (...args) => this.#call(signature, callee, args);
  }

  /** How many wait for a call. */
  get waiting(): number {
    return this.#parked.reduce((sum, { length }) => sum + length, 0);
  }

  /** Gives back all but so many of those that wait for each signature. */
  trim(kept = 0): void {
    for (const parked of this.#parked) {
      const spare = Math.max(0, parked.length - kept);
      for (const stack of parked.splice(0, spare)) stack.resume(0);
    }
  }

  #call(signature: number, callee: CoreFunction, args: readonly unknown[]): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const call: Call = { callee, args, resolve, reject };
    const stack = this.#parked[signature]?.pop();
    if (stack === undefined) this.#start(signature, call);
    else {
      stack.call = call;
      stack.resume(1);
    }
    return promise;
  }

  #start(signature: number, call: Call): void {
    const stack: Stack = { signature, call, resume: ended };
    this.#runners ??= keptStackRunners(this.#signatures, this.#imports());
    const run = this.#runners[signature]?.(stack) as Promise<unknown>;
    // A trap, or what the host throws, ends the stack with the call.
    run.catch((error: unknown) => stack.call?.reject(error));
  }

  #imports(): KeptStackImports {
    return {
      callee: (stack: Stack) => stack.call?.callee,
      argument: (index) => (stack: Stack) => stack.call?.args[index],
      done: (stack: Stack, value: unknown) => {
        const { call } = stack;
        stack.call = undefined;
        call?.resolve(value);
      },
      next: (stack: Stack) => this.#park(stack),
    };
  }

  /** 1: there is another call; 0: the stack is not needed any more. */
  #park(stack: Stack): number | Promise<number> {
    const parked = this.#parked[stack.signature];
    if (parked === undefined || parked.length >= limits.idleInstancesMax) return 0;
    const { promise, resolve } = Promise.withResolvers<number>();
    stack.resume = resolve;
    parked.push(stack);
    return promise;
  }
}

interface Call {
  readonly callee: CoreFunction;
  readonly args: readonly unknown[];
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

interface Stack {
  readonly signature: number;
  /** What runs on it. */
  call: Call | undefined;
  resume: (next: number) => void;
}

function ended(): void {}
