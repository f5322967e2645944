import { trap } from "../error.ts";
import type { ComponentState } from "./component-state.ts";
import type { SharedFuture } from "./shared-future.ts";
import type { SharedStream } from "./shared-stream.ts";
import { type EventTuple, Waitable } from "./waitable.ts";

export type CopyState = "idle" | "copying" | "cancelling" | "done";

export type Side = "readable" | "writable";

/** One end of a stream or future in a guest's handle table (CanonicalABI.md, `CopyEnd`). */
export abstract class CopyEnd extends Waitable {
  readonly side: Side;
  state: CopyState = "idle";
  abstract readonly shared: SharedStream | SharedFuture;

  constructor(instance: ComponentState, side: Side) {
    super(instance.store);
    this.side = side;
  }

  get isCopying(): boolean {
    return this.state === "copying" || this.state === "cancelling";
  }

  /** Traps when the end may not be dropped now. */
  abstract checkDrop(): void;

  /** The event of a finished copy, to be taken by whoever has to know at once. */
  takePayload(): number {
    const [, , payload]: EventTuple = this.takeEvent();
    return payload;
  }
}

export class StreamEnd extends CopyEnd {
  readonly shared: SharedStream;

  constructor(instance: ComponentState, side: Side, shared: SharedStream) {
    super(instance, side);
    this.shared = shared;
  }

  checkDrop(): void {
    if (this.isCopying) trap("cannot remove busy stream: a read or write is under way");
  }
}

export class FutureEnd extends CopyEnd {
  readonly shared: SharedFuture;

  constructor(instance: ComponentState, side: Side, shared: SharedFuture) {
    super(instance, side);
    this.shared = shared;
  }

  checkDrop(): void {
    if (this.isCopying) trap("cannot remove busy future: a read or write is under way");
    if (this.side === "writable" && this.state !== "done") {
      trap("cannot drop future write end without first writing a value");
    }
  }
}
