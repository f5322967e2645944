import { WhorlError } from "../error.ts";
import type { CoreFunction } from "./core-function.ts";
import type { Task } from "./task.ts";

/**
 * Stands for a failure that is told otherwise: a trap whose error V8 has yet to deliver, because a
 * suspended stack fails in a microtask, or the end of an instance.
 */
export const aborted = new WhorlError("trap", "the guest trapped");

/** In place of a result: it comes later. */
export const pending: unique symbol = Symbol("pending");

/** Ready whenever it is its turn: the thread has yielded. */
export const always = (): boolean => true;

/** A core function that is called with `call_ref` on a stack of its own (stack-module.ts). */
export interface StackCall {
  readonly thread: Thread;
  /** True until the first part of it, up to its end or first suspension, is over. */
  isFirst: boolean;
  isFinished: boolean;
  value: unknown;
  readonly done: (value: unknown) => void;
}

interface Suspension {
  readonly promise: Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * A thread of guest code (CanonicalABI.md, "Threads"). It runs in segments: from being resumed to
 * blocking or ending. Where its stack can be suspended (JSPI), a segment may take longer than the
 * JavaScript call that began it, because V8 goes on with a suspended stack in a microtask.
 */
export class Thread {
  readonly task: Task;
  /** Slots of context.get and context.set. */
  readonly storage: [number, number] = [0, 0];
  index = 0;
  /** While blocked: whether a cancellation may wake it. */
  isCancellable = false;
  /** Thread to go on with when this segment ends. */
  switchTo: Thread | undefined;
  /** Called when a segment ends that took longer than the call that began it. */
  onSegmentEnd: (() => void) | undefined;
  /** While blocked: what makes it ready. Undefined: only another thread can resume it. */
  ready: (() => boolean) | undefined;
  #isOpen = false;
  #continuation: ((cancelled: boolean) => void) | undefined;
  #suspension: Suspension | undefined;
  /** Calls with their first part under way: more than one when calls nest. */
  #call: StackCall | undefined;

  constructor(task: Task, start: () => void) {
    this.task = task;
    this.#continuation = start;
  }

  get isSuspended(): boolean {
    return this.#continuation !== undefined && this.ready === undefined;
  }

  get isReady(): boolean {
    return this.#continuation !== undefined && this.ready !== undefined && this.ready();
  }

  get isBlocked(): boolean {
    return this.#continuation !== undefined;
  }

  /** While blocked: it has nothing to wait for but its turn. */
  isYielding = false;

  /** Begins a segment; returns whether it is over already. The scheduler calls it. */
  resume(cancelled: boolean): boolean {
    const go = this.#continuation;
    this.#stopWaiting();
    this.#continuation = undefined;
    this.#isOpen = true;
    go?.(cancelled);
    return !this.#isOpen;
  }

  #stopWaiting(): void {
    this.ready = undefined;
    this.isYielding = false;
    this.task.store.waiting.delete(this);
  }

  resumeLater(): void {
    this.#startWaiting(always);
    this.isYielding = true;
  }

  /** Undoes {@link resumeLater} and the like: the thread is about to be switched to. */
  promote(): void {
    this.#stopWaiting();
  }

  /** Blocks between two calls of guest code: nothing of this thread is on a stack. */
  park(ready: () => boolean, go: (cancelled: boolean) => void): void {
    this.isCancellable = true;
    this.#continuation = go;
    this.#startWaiting(ready);
    this.endSegment();
  }

  #startWaiting(ready: (() => boolean) | undefined): void {
    this.ready = ready;
    if (ready === undefined) return;
    this.task.store.waiting.add(this);
    this.task.store.wake();
  }

  /**
   * Blocks inside guest code: what `go` returns is the result of the built-in or import that
   * blocks. Returns a Promise for the stack to be suspended on.
   */
  block(
    ready: (() => boolean) | undefined,
    isCancellable: boolean,
    go: (cancelled: boolean) => unknown,
  ): Promise<unknown> {
    const isAway = this.#suspension !== undefined;
    const suspension = this.suspend();
    this.isCancellable = isCancellable;
    this.#continuation = (cancelled) => this.wakeStack(() => go(cancelled));
    this.#startWaiting(ready);
    this.isYielding = ready === always;
    // The stack is left only after the built-in has returned.
    if (isAway) this.endSegment();
    else if (this.#call?.isFirst !== true) queueMicrotask(() => this.endSegment());
    return suspension.promise;
  }

  /** Suspends the stack without ending the segment: other code has to run first. */
  suspend(): Suspension {
    this.#suspension ??= Promise.withResolvers<unknown>();
    return this.#suspension;
  }

  /** Lets a suspended stack go on with what `result` gives, or throws there. */
  wakeStack(result: () => unknown): void {
    const suspension = this.#suspension;
    const { store } = this.task;
    store.current = this;
    try {
      if (store.failure !== undefined) throw store.failure;
      const value = result();
      if (value instanceof Promise) return;
      this.#suspension = undefined;
      suspension?.resolve(value);
    } catch (error) {
      this.#suspension = undefined;
      // Where no stack could be suspended nobody waits for it.
      suspension?.promise.catch(() => undefined);
      suspension?.reject(store.fail(error));
    }
  }

  /**
   * Calls core code. Returns its result, or {@link pending}: then `done` gets it. `runner` is what
   * calls it on a stack that can be suspended; undefined where nothing of the component blocks.
   */
  call(
    runner: CoreFunction | undefined,
    core: CoreFunction,
    args: readonly unknown[],
    done: (value: unknown) => void,
  ): unknown {
    if (runner === undefined) return core(...args);
    const { store } = this.task;
    const call: StackCall = { thread: this, isFirst: true, isFinished: false, value: 0, done };
    this.#call = call;
    const promise = runner(call, core, ...args) as Promise<unknown>;
    promise.then(undefined, (error: unknown) => store.fail(error));
    call.isFirst = false;
    if (call.isFinished) return call.value;
    if (this.#continuation !== undefined) this.endSegment();
    else if (this.#suspension === undefined) throw store.abort();
    return pending;
  }

  /** The core function of a {@link StackCall} has returned. */
  static finish(call: StackCall, value: unknown): void {
    call.isFinished = true;
    call.value = value;
    if (call.isFirst) return;
    queueMicrotask(() => call.thread.#goOn(call));
  }

  #goOn({ value, done }: StackCall): void {
    const { store } = this.task;
    store.current = this;
    store.guard(() => done(value));
  }

  /** Blocked or ended. */
  endSegment(): void {
    this.#isOpen = false;
    const then = this.onSegmentEnd;
    this.onSegmentEnd = undefined;
    then?.();
  }

  /** Nothing is going to run any more: a stack that is suspended ends, or V8 would keep it for ever. */
  cut(): void {
    this.#continuation = undefined;
    this.onSegmentEnd = undefined;
    this.ready = undefined;
    const suspension = this.#suspension;
    this.#suspension = undefined;
    suspension?.promise.catch(() => undefined);
    suspension?.reject(aborted);
  }
}
