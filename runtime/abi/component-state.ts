import { trap, WhorlError } from "../error.ts";
import { HandleTable } from "./handle-table.ts";
import type { Store } from "./store.ts";
import type { Thread } from "./thread.ts";

/** What all component instances of one root instance have together. */
export interface RootState {
  /** The first trap: from then on nothing of this instance runs again. */
  failure: Error | undefined;
  /** How often the guest has called out. */
  callsOut: number;
  /** Remembers the first failure and returns it; what waits for the host fails with it. */
  fail(error: unknown): Error;
}

/** Where nothing of the component is asynchronous: at most one stack, which may wait for the host. */
export class SyncRoot implements RootState {
  failure: Error | undefined;
  callsOut = 0;
  /** Makes the guest code that waits for the host fail. */
  unwind: ((error: Error) => void) | undefined;

  fail(error: unknown): Error {
    this.failure ??= error instanceof Error ? error : new WhorlError("trap", String(error));
    const { unwind } = this;
    this.unwind = undefined;
    unwind?.(this.failure);
    return this.failure;
  }

  /**
   * What the guest's stack waits for while the host works; `lower` gives the guest the result. V8
   * never gives a suspended stack back by itself: a guest that nobody waits for any more has to be
   * made to fail.
   */
  suspendOnHost(result: Promise<unknown>, lower: (value: unknown) => unknown): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.unwind = reject;
    result.then(
      (value) => {
        if (this.unwind !== reject) return;
        this.unwind = undefined;
        try {
          resolve(lower(value));
        } catch (error) {
          reject(error);
        }
      },
      (error: unknown) => {
        if (this.unwind === reject) this.fail(error);
      },
    );
    return promise;
  }
}

/** Backpressure that a guest may ask for (CanonicalABI.md, `canon backpressure.inc`). */
const backpressureMax = 0xffff;

export interface ComponentStateOptions {
  readonly parent?: ComponentState | undefined;
  readonly store?: Store | undefined;
  readonly handlesMax?: number | undefined;
}

/** Runtime state of one component instance (CanonicalABI.md, "Component Instances"). */
export class ComponentState {
  readonly handles: HandleTable;
  /** The instance that instantiated this one. */
  readonly parent: ComponentState | undefined;
  /** False while the guest may not call out: inside realloc and post-return. */
  mayLeave = true;
  /** True while its code is on the stack: it is not entered again before that has ended. */
  entered = false;
  readonly #root: RootState;
  /** Undefined where nothing of the component is asynchronous. */
  readonly #store: Store | undefined;

  /** Tasks beyond which new ones have to wait: guest's own measure, counted. */
  backpressure = 0;
  tasksWaitingToEnter = 0;
  /** The one task whose code may not be interleaved with others: sync lifted or callback form. */
  exclusive: Thread | undefined;
  #threads: (Thread | undefined)[] = [undefined];
  #freeThreads: number[] = [];

  constructor(root: RootState, options: ComponentStateOptions = {}) {
    this.handles = new HandleTable(options.handlesMax);
    this.#root = root;
    this.parent = options.parent;
    this.#store = options.store;
  }

  /** Only where something of the component is asynchronous. */
  get store(): Store {
    return this.#store ?? trap("the component has no asynchronous functions");
  }

  /** Called before guest code runs for a call from outside. */
  enter(): void {
    if (this.#root.failure !== undefined) throw this.#root.failure;
    if (this.entered) this.trap("cannot enter component instance: a call is still inside");
    this.entered = true;
  }

  leave(): void {
    this.entered = false;
  }

  /**
   * Enters this instance and those around it that the caller is not itself inside of
   * (CanonicalABI.md, `entering_set`); undefined: the host calls.
   */
  enterFrom(caller: ComponentState | undefined): void {
    if (caller === undefined && this.parent === undefined) {
      // Most calls: from the host, into a component without others in it.
      this.enter();
      return;
    }
    if (this.#root.failure !== undefined) throw this.#root.failure;
    for (const state of this.#entering(caller)) {
      if (state.entered) this.trap("cannot enter component instance: a call is still inside");
    }
    for (const state of this.#entering(caller)) state.entered = true;
  }

  mayEnterFrom(caller: ComponentState | undefined): boolean {
    return this.#entering(caller).every((state) => !state.entered);
  }

  leaveTo(caller: ComponentState | undefined): void {
    if (caller === undefined && this.parent === undefined) {
      this.entered = false;
      return;
    }
    for (const state of this.#entering(caller)) state.entered = false;
  }

  #entering(caller: ComponentState | undefined): ComponentState[] {
    const outer = this.parent === undefined ? [] : this.parent.#entering(caller);
    return caller?.isInside(this) === true ? outer : [...outer, this];
  }

  /** Whether it is `other` or nested in it. */
  isInside(other: ComponentState): boolean {
    if (this === other) return true;
    return this.parent?.isInside(other) ?? false;
  }

  /** Called when the guest calls out. */
  checkMayLeave(): void {
    this.#root.callsOut++;
    if (this.#root.failure !== undefined) throw this.#root.failure;
    this.checkLeaving();
  }

  /** The same for what changes nothing outside. */
  checkLeaving(): void {
    if (!this.mayLeave) this.trap("cannot leave component instance during realloc or post-return");
  }

  addThread(thread: Thread): number {
    const index = this.#freeThreads.pop() ?? this.#threads.length;
    this.#threads[index] = thread;
    return index;
  }

  threadAt(index: number): Thread {
    return this.#threads[index] ?? trap(`unknown thread index ${index}`);
  }

  removeThread(index: number): void {
    this.#threads[index] = undefined;
    this.#freeThreads.push(index);
  }

  /** By thread index. */
  get threads(): readonly (Thread | undefined)[] {
    return this.#threads;
  }

  addBackpressure(): void {
    if (this.backpressure === backpressureMax) trap("backpressure counter overflow");
    this.backpressure++;
  }

  removeBackpressure(): void {
    if (this.backpressure === 0) trap("backpressure counter underflow");
    this.backpressure--;
    if (this.backpressure === 0) this.store.wake();
  }

  /** backpressure.set, which older toolchains use. */
  setBackpressure(isOn: boolean): void {
    this.backpressure = isOn ? 1 : 0;
    if (!isOn) this.store.wake();
  }

  setExclusive(thread: Thread | undefined): void {
    this.exclusive = thread;
    if (thread === undefined) this.store.wake();
  }

  /** Forgets tasks and threads; handles are drained by the caller. */
  reset(): void {
    this.mayLeave = true;
    this.entered = false;
    this.backpressure = 0;
    this.tasksWaitingToEnter = 0;
    this.exclusive = undefined;
    if (this.#threads.length > 1) {
      for (const thread of this.#threads) thread?.cut();
      this.#threads = [undefined];
      this.#freeThreads = [];
    }
  }

  /**
   * Remembers a failure and gives back what to throw. A guest with exception handling could catch
   * what the host throws: the instance stays dead all the same.
   */
  fail(error: unknown): Error {
    return this.#root.fail(error);
  }

  trap(message: string): never {
    throw this.fail(new WhorlError("trap", message));
  }
}
