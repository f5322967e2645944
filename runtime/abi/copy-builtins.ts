import { trap } from "../error.ts";
import { endAt } from "./async-values.ts";
import type { ComponentState } from "./component-state.ts";
import { GuestBuffer, type ItemCodec } from "./copy-buffer.ts";
import { type CopyEnd, FutureEnd, type Side, StreamEnd } from "./copy-end.ts";
import { GuestFuture } from "./shared-future.ts";
import type { ElementKind } from "./shared-ends.ts";
import { copyResults, GuestStream } from "./shared-stream.ts";
import { eventCodes, type EventTuple } from "./waitable.ts";

/** Result of a built-in that goes on in the background. */
export const blocked = 0xffff_ffff | 0;

/** Which end of what a built-in works on, fixed when the component is linked. */
export interface CopyTarget {
  readonly side: Side;
  readonly kind: ElementKind;
  /** Does not wait. */
  readonly isAsync: boolean;
}

/** Built-ins of streams and futures (CanonicalABI.md, from `canon stream.new` on). */
export const copyBuiltins = {
  newStream(instance: ComponentState, kind: ElementKind): bigint {
    const shared = new GuestStream(instance.store, kind);
    return addPair(
      instance,
      new StreamEnd(instance, "readable", shared),
      new StreamEnd(instance, "writable", shared),
    );
  },

  newFuture(instance: ComponentState, kind: ElementKind): bigint {
    const shared = new GuestFuture(instance.store, kind);
    return addPair(
      instance,
      new FutureEnd(instance, "readable", shared),
      new FutureEnd(instance, "writable", shared),
    );
  },

  /** stream.read and stream.write. */
  copyStream(
    instance: ComponentState,
    target: CopyTarget,
    codec: ItemCodec,
    given: { readonly handle: number; readonly pointer: number; readonly count: number },
  ): number | Promise<unknown> {
    const { side, kind, isAsync } = target;
    const end = endAt(instance, given.handle, { of: StreamEnd, side, kind });
    checkIdle(end, isAsync);
    const buffer = new GuestBuffer(instance, codec, given.pointer, given.count);
    const code = side === "readable" ? eventCodes.streamRead : eventCodes.streamWrite;
    const event = (result: number): EventTuple => {
      end.state = result === copyResults.dropped ? "done" : "idle";
      return [code, given.handle, result | (buffer.progress << 4) | 0];
    };
    const listener = {
      progress: (reclaim: () => void) =>
        end.setPendingEvent(() => {
          reclaim();
          return event(copyResults.completed);
        }),
      done: (result: number) => end.setPendingEvent(() => event(result)),
    };
    end.state = "copying";
    if (side === "readable") end.shared.guestRead(buffer, listener);
    else end.shared.guestWrite(buffer, listener);
    return settle(instance, end, isAsync);
  },

  /** future.read and future.write. */
  copyFuture(
    instance: ComponentState,
    target: CopyTarget,
    codec: ItemCodec,
    given: { readonly handle: number; readonly pointer: number },
  ): number | Promise<unknown> {
    const { side, kind, isAsync } = target;
    const end = endAt(instance, given.handle, { of: FutureEnd, side, kind });
    checkIdle(end, isAsync);
    const buffer = new GuestBuffer(instance, codec, given.pointer, 1);
    const code = side === "readable" ? eventCodes.futureRead : eventCodes.futureWrite;
    const listener = {
      progress: () => undefined,
      done: (result: number) =>
        end.setPendingEvent(() => {
          end.state = result === copyResults.cancelled ? "idle" : "done";
          return [code, given.handle, result];
        }),
    };
    end.state = "copying";
    if (side === "readable") end.shared.guestRead(buffer, listener);
    else end.shared.guestWrite(buffer, listener);
    return settle(instance, end, isAsync);
  },

  cancelStream(
    instance: ComponentState,
    target: CopyTarget,
    handle: number,
  ): number | Promise<unknown> {
    const { side, kind, isAsync } = target;
    return cancelCopy(instance, endAt(instance, handle, { of: StreamEnd, side, kind }), isAsync);
  },

  cancelFuture(
    instance: ComponentState,
    target: CopyTarget,
    handle: number,
  ): number | Promise<unknown> {
    const { side, kind, isAsync } = target;
    return cancelCopy(instance, endAt(instance, handle, { of: FutureEnd, side, kind }), isAsync);
  },

  dropStream(instance: ComponentState, { side, kind }: CopyTarget, handle: number): void {
    drop(instance, endAt(instance, handle, { of: StreamEnd, side, kind }), handle);
  },

  dropFuture(instance: ComponentState, { side, kind }: CopyTarget, handle: number): void {
    drop(instance, endAt(instance, handle, { of: FutureEnd, side, kind }), handle);
  },
};

export type CopyBuiltins = typeof copyBuiltins;

function addPair({ handles }: ComponentState, readable: CopyEnd, writable: CopyEnd): bigint {
  const read = handles.add(readable);
  const write = handles.add(writable);
  return BigInt(read) | (BigInt(write) << 32n);
}

function checkIdle(end: CopyEnd, isAsync: boolean): void {
  if (end.state === "done")
    trap(`cannot ${verb(end)} after being notified that the other end dropped`);
  if (end.state !== "idle") trap("cannot have concurrent operations active on a future/stream");
  if (end.set !== undefined && !isAsync) {
    trap("cannot synchronously read or write while the end is in a waitable set");
  }
}

function verb(end: CopyEnd): string {
  const what = end instanceof StreamEnd ? "stream" : "future";
  return end.side === "readable" ? `read from ${what}` : `write to ${what}`;
}

function settle(
  instance: ComponentState,
  end: CopyEnd,
  isAsync: boolean,
): number | Promise<unknown> {
  if (end.hasPendingEvent) return end.takePayload();
  if (isAsync) return blocked;
  end.hasSyncWaiter = true;
  return instance.store.thread.block(
    () => end.hasPendingEvent,
    false,
    () => {
      end.hasSyncWaiter = false;
      return end.takePayload();
    },
  );
}

function cancelCopy(
  instance: ComponentState,
  end: CopyEnd,
  isAsync: boolean,
): number | Promise<unknown> {
  if (end.state !== "copying" || end.hasSyncWaiter) {
    trap("cannot cancel: no read or write is under way");
  }
  if (end.set !== undefined && !isAsync) {
    trap("cannot synchronously cancel while the end is in a waitable set");
  }
  end.state = "cancelling";
  if (!end.hasPendingEvent) {
    end.shared.cancel();
    return settle(instance, end, isAsync);
  }
  const payload = end.takePayload();
  // Cut short after some items: nothing of the other end has ended the copy.
  const isCutShort = end instanceof StreamEnd && (payload & 0xf) === copyResults.completed;
  return isCutShort ? payload | copyResults.cancelled : payload;
}

function drop({ handles }: ComponentState, end: CopyEnd, handle: number): void {
  end.checkDrop();
  handles.remove(handle);
  end.dispose();
  end.shared.close();
}
