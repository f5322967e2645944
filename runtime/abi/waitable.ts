import { trap } from "../error.ts";
import type { Store } from "./store.ts";

/** CanonicalABI.md, "Waitable State": `EventCode`. */
export const eventCodes = {
  none: 0,
  subtask: 1,
  streamRead: 2,
  streamWrite: 3,
  futureRead: 4,
  futureWrite: 5,
  taskCancelled: 6,
} as const;

/** Code, index of the waitable, payload. */
export type EventTuple = readonly [code: number, index: number, payload: number];

export const noEvent: EventTuple = [eventCodes.none, 0, 0];
export const cancelledEvent: EventTuple = [eventCodes.taskCancelled, 0, 0];

/** What a guest can wait for: subtasks and ends of streams and futures. */
export class Waitable {
  /** Tells it from resource handles in the handle table. */
  readonly resource: undefined = undefined;
  readonly store: Store;
  set: WaitableSet | undefined;
  /** A thread is blocked on this waitable itself. */
  hasSyncWaiter = false;
  #pending: (() => EventTuple) | undefined;

  constructor(store: Store) {
    this.store = store;
  }

  get hasPendingEvent(): boolean {
    return this.#pending !== undefined;
  }

  /** A later event replaces one that was not taken yet; what it says is decided when it is taken. */
  setPendingEvent(event: () => EventTuple): void {
    this.#pending = event;
    this.set?.ready.add(this);
    this.store.wake();
  }

  /** Requires a pending event. */
  takeEvent(): EventTuple {
    const event = this.#pending;
    this.#pending = undefined;
    this.set?.ready.delete(this);
    return event === undefined ? noEvent : event();
  }

  join(set: WaitableSet | undefined): void {
    if (this.set !== undefined) {
      this.set.members.delete(this);
      this.set.ready.delete(this);
    }
    this.set = set;
    if (set === undefined) return;
    set.members.add(this);
    if (!this.hasPendingEvent) return;
    set.ready.add(this);
    this.store.wake();
  }

  /** Leaves its set; called when the handle is dropped. */
  dispose(): void {
    this.#pending = undefined;
    this.join(undefined);
  }
}

/** CanonicalABI.md: `WaitableSet`. */
export class WaitableSet {
  readonly resource: undefined = undefined;
  readonly members: Set<Waitable> = new Set<Waitable>();
  /** Members with a pending event, longest pending first. */
  readonly ready: Set<Waitable> = new Set<Waitable>();
  /** Threads that wait on this set. */
  waiting = 0;

  get hasPendingEvent(): boolean {
    return this.ready.size > 0;
  }

  /** The event that has been pending longest; {@link noEvent} when there is none. */
  takeEvent(): EventTuple {
    for (const member of this.ready) return member.takeEvent();
    return noEvent;
  }

  checkDrop(): void {
    if (this.members.size > 0) trap("cannot drop waitable set with waitables in it");
    if (this.waiting > 0) trap("cannot drop waitable set with waiters");
  }
}
