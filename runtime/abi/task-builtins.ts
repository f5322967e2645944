import { trap } from "../error.ts";
import { ErrorContextEntry } from "./async-values.ts";
import type { ComponentState } from "./component-state.ts";
import { blocked } from "./copy-builtins.ts";
import type { CoreFunction } from "./core-function.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { ErrorContext } from "./host-values.ts";
import { Subtask } from "./subtask.ts";
import { type Task, waitableSetAt } from "./task.ts";
import { always, pending, Thread } from "./thread.ts";
import { cancelledEvent, type EventTuple, noEvent, Waitable, WaitableSet } from "./waitable.ts";

/** The task whose code is running, which has to be lifted with the option `async`. */
function asyncTask({ store }: ComponentState, what: string): Task {
  const { task } = store.thread;
  if (!task.callee.isAsyncLift) {
    trap(`\`${what}\` called by a task that is not lifted asynchronously`);
  }
  return task;
}

function storeEvent(memory: GuestMemory, pointer: number, event: EventTuple): number {
  const [code, index, payload] = event;
  memory.check(pointer, 8, 4);
  const view = memory.view();
  view.setUint32(pointer, index, true);
  view.setUint32(pointer + 4, payload, true);
  return code;
}

/** Built-ins of tasks, waitables and threads (CanonicalABI.md, "Canonical Definitions"). */
export const taskBuiltins = {
  getContext: ({ store }: ComponentState, slot: number): number => store.thread.storage[slot] ?? 0,

  setContext({ store }: ComponentState, slot: number, value: number): void {
    store.thread.storage[slot === 0 ? 0 : 1] = value;
  },

  /** The task that task.return ends; traps when its results are of another kind. */
  returningTask(instance: ComponentState, resultKey: string, memoryKey: string): Task {
    const task = asyncTask(instance, "task.return");
    const { callee } = task;
    const isOtherMemory = memoryKey !== "" && callee.memoryKey !== memoryKey;
    if (callee.resultKey !== resultKey || isOtherMemory) {
      trap("invalid `task.return` signature and/or options for current task");
    }
    return task;
  },

  cancelTask(instance: ComponentState): void {
    asyncTask(instance, "task.cancel").cancel();
  },

  newSet: ({ handles }: ComponentState): number => handles.add(new WaitableSet()),

  waitSet(
    instance: ComponentState,
    given: { readonly isCancellable: boolean; readonly memory: GuestMemory },
    index: number,
    pointer: number,
  ): number | Promise<unknown> {
    const set = waitableSetAt(instance, index);
    const { isCancellable, memory } = given;
    const { thread } = instance.store;
    if (thread.task.takeCancel(isCancellable)) return storeEvent(memory, pointer, cancelledEvent);
    if (set.hasPendingEvent) return storeEvent(memory, pointer, set.takeEvent());
    set.waiting++;
    return thread.block(
      () => set.hasPendingEvent,
      isCancellable,
      (cancelled) => {
        set.waiting--;
        return storeEvent(memory, pointer, cancelled ? cancelledEvent : set.takeEvent());
      },
    );
  },

  pollSet(
    instance: ComponentState,
    given: { readonly isCancellable: boolean; readonly memory: GuestMemory },
    index: number,
    pointer: number,
  ): number {
    const set = waitableSetAt(instance, index);
    const isCancelled = instance.store.thread.task.takeCancel(given.isCancellable);
    const event = isCancelled ? cancelledEvent : set.hasPendingEvent ? set.takeEvent() : noEvent;
    return storeEvent(given.memory, pointer, event);
  },

  dropSet(instance: ComponentState, index: number): void {
    waitableSetAt(instance, index).checkDrop();
    instance.handles.remove(index);
  },

  join(instance: ComponentState, index: number, setIndex: number): void {
    const waitable = instance.handles.at(index);
    if (!(waitable instanceof Waitable)) return trap(`handle ${index} is not a waitable`);
    if (waitable.hasSyncWaiter) {
      trap("cannot join a waitable to a set while it is being waited for synchronously");
    }
    waitable.join(setIndex === 0 ? undefined : waitableSetAt(instance, setIndex));
  },

  cancelSubtask(
    instance: ComponentState,
    isAsync: boolean,
    index: number,
  ): number | Promise<unknown> {
    const subtask = subtaskAt(instance, index);
    if (subtask.isDelivered) trap("`subtask.cancel` called after terminal status delivered");
    if (subtask.cancellationRequested) trap("`subtask.cancel` called more than once");
    if (subtask.set !== undefined && !isAsync) {
      trap("cannot synchronously cancel a subtask while it is in a waitable set");
    }
    if (subtask.isResolved) return takeSubtaskState(subtask);
    subtask.cancellationRequested = true;
    return instance.store.callFirst(
      (then) => subtask.requestCancel(then),
      () => afterCancel(instance, subtask, isAsync),
    );
  },

  dropSubtask(instance: ComponentState, index: number): void {
    const subtask = subtaskAt(instance, index);
    subtask.checkDrop();
    instance.handles.remove(index);
    subtask.dispose();
  },

  newErrorContext({ handles }: ComponentState, message: string): number {
    return handles.add(new ErrorContextEntry(new ErrorContext(message)));
  },

  dropErrorContext({ handles }: ComponentState, index: number): void {
    if (!(handles.at(index) instanceof ErrorContextEntry)) {
      trap(`handle ${index} is not an error context`);
    }
    handles.remove(index);
  },

  threadIndex: ({ store }: ComponentState): number => store.thread.index,

  /** thread.new-indirect; `core` is what the table holds, of the right type. */
  newThread(
    { store }: ComponentState,
    core: CoreFunction | null,
    given: { readonly argument: unknown; readonly runner: CoreFunction | undefined },
  ): number {
    if (core === null) return trap("thread.new-indirect of an empty table element");
    const { task } = store.thread;
    const end = (): void => {
      task.unregister(thread);
      thread.endSegment();
    };
    const thread = new Thread(task, () => {
      if (thread.call(given.runner, core, [given.argument], end) !== pending) end();
    });
    task.register(thread);
    return thread.index;
  },

  resumeLater(instance: ComponentState, index: number): void {
    suspendedThread(instance, index).resumeLater();
  },

  /** thread.yield. */
  yield({ store }: ComponentState, isCancellable: boolean): number | Promise<unknown> {
    const { thread } = store;
    if (thread.task.takeCancel(isCancellable)) return 1;
    return thread.block(always, isCancellable, Number);
  },

  /** thread.suspend. */
  suspend({ store }: ComponentState, isCancellable: boolean): number | Promise<unknown> {
    const { thread } = store;
    if (thread.task.takeCancel(isCancellable)) return 1;
    return thread.block(undefined, isCancellable, Number);
  },

  /** thread.suspend-then-resume, thread.yield-then-resume. */
  thenResume(
    instance: ComponentState,
    given: { readonly isCancellable: boolean; readonly yields: boolean },
    index: number,
  ): number | Promise<unknown> {
    const other = suspendedThread(instance, index);
    const { thread } = instance.store;
    if (thread.task.takeCancel(given.isCancellable)) return 1;
    thread.switchTo = other;
    return thread.block(given.yields ? always : undefined, given.isCancellable, Number);
  },

  /** thread.suspend-then-promote, thread.yield-then-promote. */
  thenPromote(
    instance: ComponentState,
    given: { readonly isCancellable: boolean; readonly yields: boolean },
    index: number,
  ): number | Promise<unknown> {
    const other = instance.threadAt(index);
    const { thread } = instance.store;
    if (thread.task.takeCancel(given.isCancellable)) return 1;
    if (other.isReady) {
      other.promote();
      thread.switchTo = other;
    }
    return thread.block(given.yields ? always : undefined, given.isCancellable, Number);
  },
};

export type TaskBuiltins = typeof taskBuiltins;

function subtaskAt({ handles }: ComponentState, index: number): Subtask {
  const entry = handles.at(index);
  return entry instanceof Subtask ? entry : trap(`handle ${index} is not a subtask`);
}

function takeSubtaskState(subtask: Subtask): number {
  const [, , state] = subtask.takeEvent();
  return state;
}

function afterCancel(
  { store }: ComponentState,
  subtask: Subtask,
  isAsync: boolean,
): number | Promise<unknown> {
  if (subtask.isResolved) return takeSubtaskState(subtask);
  if (isAsync) return blocked;
  subtask.hasSyncWaiter = true;
  return store.thread.block(
    () => subtask.hasPendingEvent,
    false,
    () => {
      subtask.hasSyncWaiter = false;
      return takeSubtaskState(subtask);
    },
  );
}

function suspendedThread(instance: ComponentState, index: number): Thread {
  const thread = instance.threadAt(index);
  if (!thread.isSuspended) trap(`cannot resume thread ${index} which is not suspended`);
  return thread;
}
