import { trap } from "../error.ts";
import type { ResourceHandle } from "./handle-table.ts";
import { eventCodes, type EventTuple, Waitable } from "./waitable.ts";

/** CanonicalABI.md, "Subtask State". */
export const subtaskStates = {
  starting: 0,
  started: 1,
  returned: 2,
  cancelledBeforeStarted: 3,
  cancelledBeforeReturned: 4,
} as const;

/** A call that a guest has made, as the caller sees it. */
export class Subtask extends Waitable {
  state: number = subtaskStates.starting;
  /** Asks the callee to stop; calls back when the callee has had its chance. */
  requestCancel: (then: () => void) => void = (then) => then();
  cancellationRequested = false;
  /** The lowered result, where it is passed without memory. */
  flatResult: unknown;
  /** In the caller's table; 0 until the caller knows of it. */
  index = 0;
  #lenders: ResourceHandle[] | undefined = [];

  get isResolved(): boolean {
    return this.state >= subtaskStates.returned;
  }

  get isDelivered(): boolean {
    return this.#lenders === undefined;
  }

  /** The caller may not drop what it lends before it knows that the call is over. */
  lend(handle: ResourceHandle): void {
    handle.lends++;
    this.#lenders?.push(handle);
  }

  deliver(): void {
    for (const handle of this.#lenders ?? []) handle.lends--;
    this.#lenders = undefined;
  }

  /** Changes the state and, once the caller knows of the subtask, tells it. */
  advance(state: number): void {
    this.state = state;
    if (this.index > 0) this.setPendingEvent(this.#event);
  }

  readonly #event = (): EventTuple => {
    if (this.isResolved) this.deliver();
    return [eventCodes.subtask, this.index, this.state];
  };

  checkDrop(): void {
    if (!this.isDelivered) trap("cannot drop a subtask which has not yet resolved");
  }
}
