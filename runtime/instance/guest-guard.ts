import type { ExportCall } from "../abi/calls.ts";
import type { CoreFunction } from "../abi/compile.ts";
import { WhorlError } from "../error.ts";
import type { Watchdog, Watched } from "./watchdog.ts";

export interface GuestGuardOptions {
  /** Undefined: guests that never let go are not stopped. */
  readonly watchdog?: Watchdog | undefined;
  /** Milliseconds that one call may take; Infinity: for ever. */
  readonly callMsMax: number;
}

/** An instance as the guard sees it. */
export interface Guarded {
  /** Ends it: what is under way in it fails with this error, nothing new begins. */
  fail(error: Error): void;
}

/** Looks after the calls of guests: what takes too long ends with a `limit`. One for each thread. */
export class GuestGuard {
  readonly #watchdog: Watchdog | undefined;
  readonly #callMsMax: number;
  #page: WebAssembly.Memory | undefined;

  constructor({ watchdog, callMsMax }: GuestGuardOptions) {
    this.#watchdog = watchdog;
    this.#callMsMax = callMsMax;
  }

  /** What rewritten modules look at. */
  get page(): WebAssembly.Memory {
    this.#page ??= this.#watchdog?.memory ?? newPage();
    return this.#page;
  }

  /** Runs start functions: no call, but code of the guest all the same. */
  instantiate(run: () => void): void {
    const watch = new GuardedCall(nobody, this.#watchdog, Infinity);
    watch.entered(run);
    watch.end();
  }

  /** Calls a function of the guest that returns a value or a Promise of one. */
  call(instance: Guarded, callee: CoreFunction, args: readonly unknown[]): unknown {
    const watch = new GuardedCall(instance, this.#watchdog, this.#callMsMax);
    let result: unknown;
    try {
      result = callee(...args);
    } catch (error) {
      throw watch.failure(error);
    }
    if (result instanceof Promise) return watch.settled(result);
    watch.end();
    return result;
  }

  /**
   * As {@link call}, of something that may go on after it has returned. The call's time goes on until
   * `over` settles, where it is given: others may still read what the guest has given them.
   */
  start(instance: Guarded, begin: () => ExportCall, over?: Promise<void>): ExportCall {
    const watch = new GuardedCall(instance, this.#watchdog, this.#callMsMax);
    const call = watch.entered(begin);
    const done = watch.settled(call.done, over) as Promise<void>;
    // Whoever waits for one of them learns of a failure; nobody has to wait for both.
    done.catch(() => undefined);
    const result = call.result.catch((error: unknown) => {
      throw watch.explain(error);
    });
    return { result, done, cancel: () => call.cancel() };
  }
}

const nobody: Guarded = { fail: () => undefined };

/** A page in which nothing is ever written. */
export function newPage(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
}

/** Stack overflow, as V8 says it. */
const stackOverflow = "Maximum call stack size exceeded";

class GuardedCall implements Watched {
  readonly deadlineMs: number;
  before: Watched | undefined;
  after: Watched | undefined;
  readonly #watchdog: Watchdog | undefined;
  readonly #callMsMax: number;
  readonly #instance: Guarded;
  readonly #stopsBefore: number;
  #reject: ((error: Error) => void) | undefined;

  constructor(instance: Guarded, watchdog: Watchdog | undefined, callMsMax: number) {
    this.#instance = instance;
    this.#watchdog = watchdog;
    this.#callMsMax = callMsMax;
    this.deadlineMs = callMsMax === Infinity ? Infinity : performance.now() + callMsMax;
    this.#stopsBefore = watchdog?.stops ?? 0;
    watchdog?.add(this);
    watchdog?.enter();
  }

  expire(): void {
    const failure = new WhorlError(
      "limit",
      `the guest took longer than ${this.#callMsMax} ms. ` +
        "Let it ask for less, give what it waits for a time-out, or raise the limit.",
      { limit: "time" },
    );
    this.#reject?.(failure);
    this.#instance.fail(failure);
  }

  end(): void {
    this.#watchdog?.remove(this);
  }

  entered<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** Ends the watch; returns what to throw. */
  failure(error: unknown): unknown {
    this.end();
    return this.explain(error);
  }

  explain(error: unknown): unknown {
    if (error instanceof RangeError && error.message === stackOverflow) {
      const message = "the guest has used up its stack: its calls are nested too deeply";
      const failure = new WhorlError("trap", message, { cause: error });
      if (error.stack !== undefined) failure.stack = error.stack;
      return failure;
    }
    return this.#watchdog?.explain(error, this.#stopsBefore) ?? error;
  }

  settled(result: Promise<unknown>, over?: Promise<void>): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#reject = reject;
    result.then(
      (value) => {
        if (over === undefined) this.end();
        else void over.then(() => this.end());
        resolve(value);
      },
      (error: unknown) => reject(this.failure(error)),
    );
    return promise;
  }
}
