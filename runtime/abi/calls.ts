import { WhorlError } from "../error.ts";
import type { ComponentState } from "./component-state.ts";
import type { CoreFunction } from "./core-function.ts";
import type { HostCall } from "./host-values.ts";
import { isPromiseLike } from "./source-stream.ts";
import type { Cancellable, FailureListener, Store } from "./store.ts";
import { Subtask, subtaskStates } from "./subtask.ts";
import { type Caller, type LiftedCall, Task } from "./task.ts";

/** The conversions of one call, made for its signature. */
export interface LoweredCall {
  readonly instance: ComponentState;
  /** Lowered with the option `async`: the caller goes on while the callee works. */
  readonly isAsync: boolean;
  /** Lifts the arguments. */
  lift(subtask: Subtask): readonly unknown[];
  /** Lowers the result; returns it where it is not passed in memory. */
  lower(result: unknown): unknown;
}

/** Calls of lowered functions (CanonicalABI.md, `canon lower`). Each may return a Promise. */
export const calls = {
  /** Of a function that another component instance has lifted. */
  toGuest(call: LoweredCall, callee: LiftedCall): unknown {
    const { store } = call.instance;
    const subtask = new Subtask(store);
    const task = new Task(callee, new GuestCaller(call, subtask));
    subtask.requestCancel = (then) => task.requestCancel(then);
    return store.callFirst(
      (then) => task.call(then),
      () => afterCall(call, subtask),
    );
  },

  /** Of an async function of the host. */
  toHost(call: LoweredCall, host: { readonly context: unknown }, callee: CoreFunction): unknown {
    const { store } = call.instance;
    const subtask = new Subtask(store);
    subtask.advance(subtaskStates.started);
    const state = new HostCallState();
    const result: unknown = callee(host.context, ...call.lift(subtask), state);
    if (isPromiseLike(result)) waitForHost(call, { subtask, state }, result);
    else finish(call, subtask, result);
    return afterCall(call, subtask);
  },

  /** Suspends the stack until the host has answered; nothing else of the component runs. */
  suspendOnHost(
    { store }: ComponentState,
    result: Promise<unknown>,
    lower: (value: unknown) => unknown,
  ): Promise<unknown> {
    const { thread, life } = store;
    const { promise } = thread.suspend();
    result.then(
      (value) => {
        if (store.life === life) thread.wakeStack(() => lower(value));
      },
      (error: unknown) => {
        if (store.life === life) thread.wakeStack(() => raise(error));
      },
    );
    return promise;
  },
};

export type Calls = typeof calls;

function raise(error: unknown): never {
  throw error;
}

class GuestCaller implements Caller {
  readonly #call: LoweredCall;
  readonly #subtask: Subtask;

  constructor(call: LoweredCall, subtask: Subtask) {
    this.#call = call;
    this.#subtask = subtask;
  }

  get instance(): ComponentState {
    return this.#call.instance;
  }

  start(): readonly unknown[] {
    this.#subtask.advance(subtaskStates.started);
    return this.#call.lift(this.#subtask);
  }

  resolve(result: unknown): void {
    finish(this.#call, this.#subtask, result);
  }

  cancelled(): void {
    const { starting, cancelledBeforeStarted, cancelledBeforeReturned } = subtaskStates;
    const isEarly = this.#subtask.state === starting;
    this.#subtask.advance(isEarly ? cancelledBeforeStarted : cancelledBeforeReturned);
  }
}

function finish(call: LoweredCall, subtask: Subtask, result: unknown): void {
  subtask.flatResult = call.lower(result);
  subtask.advance(subtaskStates.returned);
}

/** What the core code that has called gets to see. */
function afterCall({ instance, isAsync }: LoweredCall, subtask: Subtask): unknown {
  if (subtask.isResolved) {
    subtask.deliver();
    return isAsync ? subtaskStates.returned : subtask.flatResult;
  }
  if (isAsync) {
    subtask.index = instance.handles.add(subtask);
    return subtask.state | (subtask.index << 4) | 0;
  }
  return instance.store.thread.block(
    () => subtask.isResolved,
    false,
    () => {
      subtask.deliver();
      return subtask.flatResult;
    },
  );
}

class HostCallState implements HostCall, Cancellable {
  #controller: AbortController | undefined;
  #isAborted = false;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isAborted) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }
}

function waitForHost(
  call: LoweredCall,
  { subtask, state }: { readonly subtask: Subtask; readonly state: HostCallState },
  result: PromiseLike<unknown>,
): void {
  const { store } = call.instance;
  const { life } = store;
  store.outside++;
  store.hostCalls.add(state);
  const settle = (job: () => void): void => {
    if (store.life !== life || !store.hostCalls.delete(state)) return;
    store.outside--;
    store.enqueue(job);
  };
  result.then(
    (value) => settle(() => finish(call, subtask, value)),
    (error: unknown) => settle(() => void store.fail(error)),
  );
  subtask.requestCancel = (then) => {
    if (store.hostCalls.delete(state)) {
      store.outside--;
      state.abort();
      subtask.advance(subtaskStates.cancelledBeforeReturned);
    }
    then();
  };
}

/** A call of an export. */
export interface ExportCall {
  /** Settles when the guest returns; what it started may go on. */
  readonly result: Promise<unknown>;
  /** Settles when the guest's task has ended; rejects with the failure of its instance. */
  readonly done: Promise<void>;
  /** Asks the guest to stop: the result then rejects, unless the guest returns all the same. */
  cancel(): void;
}

/** Calls an export of a component that has asynchronous functions. */
export function callExport(store: Store, callee: LiftedCall, args: readonly unknown[]): ExportCall {
  const caller = new HostCaller(store, args, callee.isAsyncLift);
  if (store.failure !== undefined) {
    caller.fail(store.failure);
    return caller;
  }
  store.listeners.add(caller);
  const task = new Task(callee, caller);
  caller.requestCancel = () =>
    store.run((finished) => {
      if (task.isResolved) finished();
      else task.requestCancel(finished);
    });
  store.run((finished) => task.call(finished));
  return caller;
}

class HostCaller implements Caller, FailureListener, ExportCall {
  readonly instance: undefined = undefined;
  readonly #result = Promise.withResolvers<unknown>();
  readonly #done = Promise.withResolvers<void>();
  readonly #args: readonly unknown[];
  readonly #store: Store;
  /** Returns by task.return; else post-return comes between the result and the end. */
  readonly #returnsEarly: boolean;
  #value: unknown;
  requestCancel: (() => void) | undefined;
  isWaiting = true;

  constructor(store: Store, args: readonly unknown[], returnsEarly: boolean) {
    this.#store = store;
    this.#args = args;
    this.#returnsEarly = returnsEarly;
    // Whoever waits for one of them learns of a failure; nobody has to wait for both.
    this.#done.promise.catch(() => undefined);
    this.#result.promise.catch(() => undefined);
  }

  get result(): Promise<unknown> {
    return this.#result.promise;
  }

  get done(): Promise<void> {
    return this.#done.promise;
  }

  cancel(): void {
    this.requestCancel?.();
  }

  start(): readonly unknown[] {
    return this.#args;
  }

  resolve(result: unknown): void {
    this.isWaiting = false;
    this.#value = result;
    if (this.#returnsEarly) this.#result.resolve(result);
  }

  cancelled(): void {
    this.isWaiting = false;
    this.#result.reject(new WhorlError("trap", "the call was cancelled"));
  }

  exited(): void {
    if (!this.isWaiting) this.#result.resolve(this.#value);
  }

  ended(): void {
    this.#store.listeners.delete(this);
    this.#done.resolve();
  }

  fail(error: Error): void {
    this.#result.reject(error);
    this.#done.reject(error);
  }
}
