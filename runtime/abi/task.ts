import { trap } from "../error.ts";
import type { ComponentState } from "./component-state.ts";
import type { CoreFunction } from "./core-function.ts";
import type { BorrowScope } from "./handle-table.ts";
import type { Store } from "./store.ts";
import { pending, Thread } from "./thread.ts";
import { cancelledEvent, type EventTuple, noEvent, WaitableSet } from "./waitable.ts";

/** A lifted function of one instance: its options, and the code made for its signature. */
export interface LiftedCall {
  readonly instance: ComponentState;
  /** Its type is `async`: the callee may block before it returns. */
  readonly isAsyncType: boolean;
  /** Lifted with the option `async`: it returns by task.return. */
  readonly isAsyncLift: boolean;
  /** Identifies result type and string encoding: task.return has to agree. */
  readonly resultKey: string;
  readonly memoryKey: string;
  core(): CoreFunction;
  callback(): CoreFunction | undefined;
  /** Call them on stacks that can be suspended; undefined where nothing blocks. */
  runner(): CoreFunction | undefined;
  callbackRunner(): CoreFunction | undefined;
  /** Lowers arguments to core values. */
  lower(scope: BorrowScope, args: readonly unknown[]): readonly unknown[];
  /** Lifts the core result of a synchronous lift. */
  lift(value: unknown): unknown;
  /** Undefined where there is no post-return function. */
  readonly postReturn: ((value: unknown) => void) | undefined;
}

/** How a caller hears of its call; each is called at most once. */
export interface Caller {
  /** The component instance that calls; undefined for the host. */
  readonly instance: ComponentState | undefined;
  /** The callee takes the arguments now. */
  start(): readonly unknown[];
  resolve(result: unknown): void;
  /** The callee has given up, on request. */
  cancelled(): void;
  /** The call itself is over; threads that it started may go on. */
  exited?(): void;
  /** The task has ended and none of its threads is left. */
  ended?(): void;
}

type TaskState = "initial" | "started" | "pending-cancel" | "cancel-delivered" | "resolved";

/** CanonicalABI.md, `CallbackCode`. */
const callbackCodes = { exit: 0, yield: 1, wait: 2 } as const;

/** Events delivered to one callback task in a row before others get their turn. */
const eventsInRowMax = 64;

/** One call of a lifted function (CanonicalABI.md, "Tasks" and `canon lift`). */
export class Task implements BorrowScope {
  readonly callee: LiftedCall;
  readonly instance: ComponentState;
  readonly store: Store;
  /** Borrow handles that the callee still has to drop. */
  borrows = 0;
  readonly #caller: Caller;
  readonly #implicit: Thread;
  readonly #threads = new Set<Thread>();
  #state: TaskState = "initial";

  constructor(callee: LiftedCall, caller: Caller) {
    this.callee = callee;
    this.instance = callee.instance;
    this.store = callee.instance.store;
    this.#caller = caller;
    this.#implicit = new Thread(this, () => this.#enter());
  }

  /**
   * Calls the function; `then` is called when the callee has blocked or ended, and, unless its type
   * is async, has returned.
   */
  call(then: () => void): void {
    const caller = this.#caller.instance;
    this.instance.enterFrom(caller);
    this.store.taskStarted();
    const leave = (): void => {
      this.instance.leaveTo(caller);
      then();
    };
    this.store.runToBlock(this.#implicit, false, () => {
      if (!this.callee.isAsyncType) this.#finishSync(leave);
      else if (this.#state === "initial") this.#letOthersLeave(leave);
      else leave();
    });
  }

  /** The task that keeps this one from entering may be able to go on: then it does so first. */
  #letOthersLeave(then: () => void): void {
    const { exclusive } = this.instance;
    if (exclusive?.isReady !== true) return then();
    this.store.runToBlock(exclusive, false, () => {
      if (this.#implicit.isReady) this.store.runToBlock(this.#implicit, false, then);
      else then();
    });
  }

  /** A function that is not async may block only while other threads of its instance can run. */
  #finishSync(then: () => void): void {
    if (this.#state === "resolved") {
      then();
      return;
    }
    const ready = this.instance.threads.find((thread) => thread !== undefined && canRun(thread));
    if (ready === undefined) trap("cannot block a synchronous task before returning");
    this.store.runToBlock(ready, false, () => this.#finishSync(then));
  }

  get isResolved(): boolean {
    return this.#state === "resolved";
  }

  get #needsExclusive(): boolean {
    return !this.callee.isAsyncLift || this.callee.callback() !== undefined;
  }

  /** Whether this is a thread that no other exclusive one may be interleaved with. */
  isExclusive(thread: Thread): boolean {
    return thread === this.#implicit && this.callee.isAsyncType && this.#needsExclusive;
  }

  get #hasBackpressure(): boolean {
    const { backpressure, exclusive } = this.instance;
    return backpressure > 0 || (this.#needsExclusive && exclusive !== undefined);
  }

  #enter(): void {
    const { instance } = this;
    if (!this.callee.isAsyncType) return this.#begin();
    if (!this.#hasBackpressure && instance.tasksWaitingToEnter === 0) return this.#begin();
    instance.tasksWaitingToEnter++;
    this.#implicit.park(
      () => !this.#hasBackpressure,
      (cancelled) => {
        instance.tasksWaitingToEnter--;
        if (!cancelled) return this.#begin();
        this.cancel();
        this.store.taskEnded();
        this.#caller.ended?.();
        this.#implicit.endSegment();
      },
    );
  }

  #begin(): void {
    const { callee, instance } = this;
    const thread = this.#implicit;
    if (callee.isAsyncType && this.#needsExclusive) instance.setExclusive(thread);
    this.register(thread);
    this.#state = "started";
    const args = callee.lower(this, this.#caller.start());
    const done = callee.isAsyncLift
      ? callee.callback() === undefined
        ? () => this.#exit()
        : this.#onCallbackResult
      : this.#onSyncResult;
    const value = thread.call(callee.runner(), callee.core(), args, done);
    if (value !== pending) done(value);
  }

  readonly #onSyncResult = (value: unknown): void => {
    this.return(this.callee.lift(value));
    this.callee.postReturn?.(value);
    this.#exit();
  };

  /** What the callback or its first call has returned: code and waitable set. */
  readonly #onCallbackResult = (first: unknown): void => {
    const callback = this.callee.callback();
    const thread = this.#implicit;
    let packed = first;
    for (let count = 0; ; count++) {
      const code = Number(packed) & 0xf;
      if (code === callbackCodes.exit) return this.#exit();
      if (code > callbackCodes.wait) trap(`unsupported callback code: ${code}`);
      const event = this.#nextEvent(code, Number(packed) >>> 4, count);
      if (event === undefined || callback === undefined) return;
      this.instance.setExclusive(thread);
      const runner = this.callee.callbackRunner();
      packed = thread.call(runner, callback, event, this.#onCallbackResult);
      if (packed === pending) return;
    }
  };

  /** The event to call back with now; undefined after having parked the thread to wait for it. */
  #nextEvent(code: number, setIndex: number, count: number): EventTuple | undefined {
    const { instance } = this;
    if (code === callbackCodes.yield) {
      instance.setExclusive(undefined);
      if (this.takeCancel(true)) return cancelledEvent;
      this.#parkUntil(
        () => instance.exclusive === undefined,
        () => noEvent,
      );
      this.#implicit.isYielding = true;
      return undefined;
    }
    const set = waitableSetAt(instance, setIndex);
    instance.setExclusive(undefined);
    if (this.takeCancel(true)) return cancelledEvent;
    const isImmediate = count < eventsInRowMax && instance.tasksWaitingToEnter === 0;
    if (isImmediate && set.hasPendingEvent) return set.takeEvent();
    set.waiting++;
    this.#parkUntil(
      () => set.hasPendingEvent && instance.exclusive === undefined,
      (cancelled) => {
        set.waiting--;
        return cancelled ? cancelledEvent : set.takeEvent();
      },
    );
    return undefined;
  }

  #parkUntil(ready: () => boolean, event: (cancelled: boolean) => EventTuple): void {
    const thread = this.#implicit;
    const callback = this.callee.callback();
    thread.park(ready, (cancelled) => {
      if (callback === undefined) return;
      this.instance.setExclusive(thread);
      const given = event(cancelled);
      const runner = this.callee.callbackRunner();
      const value = thread.call(
        runner,
        callback,
        cancelled ? cancelledEvent : given,
        this.#onCallbackResult,
      );
      if (value !== pending) this.#onCallbackResult(value);
    });
  }

  register(thread: Thread): void {
    this.#threads.add(thread);
    thread.index = this.instance.addThread(thread);
  }

  unregister(thread: Thread): void {
    this.#threads.delete(thread);
    if (this.#threads.size === 0 && this.#state !== "resolved") {
      trap("the async task ended without task.return or task.cancel");
    }
    this.instance.removeThread(thread.index);
    if (this.#threads.size > 0) return;
    this.store.taskEnded();
    this.#caller.ended?.();
  }

  #exit(): void {
    this.unregister(this.#implicit);
    this.#caller.exited?.();
    if (this.callee.isAsyncType && this.#needsExclusive) this.instance.setExclusive(undefined);
    this.#implicit.endSegment();
  }

  /** Whether a cancellation was asked for and not yet told; it counts as told then. */
  takeCancel(isCancellable: boolean): boolean {
    if (!isCancellable || this.#state !== "pending-cancel") return false;
    this.#state = "cancel-delivered";
    return true;
  }

  /** task.return. */
  return(result: unknown): void {
    if (this.#state === "resolved") trap("`task.return` or `task.cancel` called more than once");
    this.#checkBorrows();
    this.#state = "resolved";
    this.#caller.resolve(result);
  }

  /** task.cancel. */
  cancel(): void {
    if (this.#state === "resolved") trap("`task.return` or `task.cancel` called more than once");
    if (this.#state !== "cancel-delivered")
      trap("`task.cancel` called by task which has not been cancelled");
    this.#checkBorrows();
    this.#state = "resolved";
    this.#caller.cancelled();
  }

  #checkBorrows(): void {
    if (this.borrows > 0) trap("borrow handles still remain at the end of the call");
  }

  /** The caller asks the task to stop; `then` is called when the task has had its chance. */
  requestCancel(then: () => void): void {
    const { store, instance } = this;
    const caller = this.#caller.instance;
    if (this.#state === "initial") {
      this.#state = "cancel-delivered";
      store.runToBlock(this.#implicit, true, then);
      return;
    }
    if (this.#state !== "started") return then();
    const thread = this.#cancellableThread();
    if (thread === undefined || !instance.mayEnterFrom(caller)) {
      this.#state = "pending-cancel";
      return then();
    }
    this.#state = "cancel-delivered";
    instance.enterFrom(caller);
    store.runToBlock(thread, true, () => {
      instance.leaveTo(caller);
      then();
    });
  }

  #cancellableThread(): Thread | undefined {
    const { exclusive } = this.instance;
    const isHeldUp =
      this.#needsExclusive && exclusive !== undefined && exclusive !== this.#implicit;
    for (const thread of this.#threads) {
      if (!thread.isBlocked || !thread.isCancellable) continue;
      if (thread !== this.#implicit || !isHeldUp) return thread;
    }
    return undefined;
  }
}

/** Whether a thread may run while a function that is not async is in progress. */
function canRun(thread: Thread): boolean {
  return !thread.task.isExclusive(thread) && thread.isReady;
}

export function waitableSetAt({ handles }: ComponentState, index: number): WaitableSet {
  const entry = handles.at(index);
  return entry instanceof WaitableSet ? entry : trap(`handle ${index} is not a waitable set`);
}
