import { trap } from "../error.ts";
import type { ComponentState } from "./component-state.ts";
import { type CopyEnd, FutureEnd, type Side, StreamEnd } from "./copy-end.ts";
import { ErrorContext, type FutureSource, type StreamSource } from "./host-values.ts";
import { SharedFuture, SourceFuture } from "./shared-future.ts";
import type { ElementKind } from "./shared-ends.ts";
import { SharedStream } from "./shared-stream.ts";
import { isPromiseLike, SourceStream } from "./source-stream.ts";

/** Lifts and lowers what only components with asynchronous functions have. */
export const asyncValues = {
  /** Lifts stream<T> (CanonicalABI.md, `lift_async_value`). */
  takeStream(instance: ComponentState, handle: number, kind: ElementKind): SharedStream {
    const { shared } = takeReadable(instance, handle, kind, StreamEnd);
    shared.moveOut();
    return shared;
  },

  takeFuture(instance: ComponentState, handle: number, kind: ElementKind): SharedFuture {
    const { shared } = takeReadable(instance, handle, kind, FutureEnd);
    shared.moveOut();
    return shared;
  },

  /** Lowers stream<T>: a readable end of a guest, or a source of the host. */
  addStream(instance: ComponentState, value: unknown, kind: ElementKind): number {
    const shared =
      value instanceof SharedStream
        ? value
        : new SourceStream(instance.store, kind, streamSource(value));
    shared.moveIn();
    return instance.handles.add(new StreamEnd(instance, "readable", shared));
  },

  addFuture(instance: ComponentState, value: unknown, kind: ElementKind): number {
    const shared =
      value instanceof SharedFuture
        ? value
        : new SourceFuture(instance.store, kind, futureSource(value));
    shared.moveIn();
    return instance.handles.add(new FutureEnd(instance, "readable", shared));
  },

  /** Lifts error-context: the guest keeps its handle. */
  getErrorContext(instance: ComponentState, handle: number): ErrorContext {
    const entry = instance.handles.at(handle);
    return entry instanceof ErrorContextEntry
      ? entry.value
      : trap(`handle ${handle} is not an error context`);
  },

  addErrorContext(instance: ComponentState, value: unknown): number {
    if (!(value instanceof ErrorContext)) {
      throw new TypeError("the host returned something else where an error context is declared");
    }
    return instance.handles.add(new ErrorContextEntry(value));
  },
};

export type AsyncValues = typeof asyncValues;

/** An error context in a handle table. */
export class ErrorContextEntry {
  readonly resource: undefined = undefined;
  readonly value: ErrorContext;

  constructor(value: ErrorContext) {
    this.value = value;
  }
}

function takeReadable<E extends CopyEnd>(
  instance: ComponentState,
  handle: number,
  kind: ElementKind,
  // oxlint-disable-next-line typescript/no-explicit-any -- only for instanceof
  of: new (...args: any[]) => E,
): E {
  const end = endAt(instance, handle, { of, side: "readable", kind });
  if (end.state === "done") trap("cannot lift stream or future after it was dropped or read");
  if (end.state !== "idle") trap("cannot remove busy stream or future");
  if (end.set !== undefined) trap("cannot transfer a stream or future that is in a waitable set");
  instance.handles.remove(handle);
  end.dispose();
  return end;
}

/** The end behind a handle; traps unless it is one of this class, side and element type. */
export function endAt<E extends CopyEnd>(
  { handles }: ComponentState,
  handle: number,
  wanted: {
    // oxlint-disable-next-line typescript/no-explicit-any -- only for instanceof
    readonly of: new (...args: any[]) => E;
    readonly side: Side;
    readonly kind: ElementKind;
  },
): E {
  const entry = handles.at(handle);
  const { of, side, kind } = wanted;
  if (!(entry instanceof of)) return trap(`handle ${handle} is not a stream or future as expected`);
  if (entry.side !== side) trap(`handle ${handle} is not the ${side} end`);
  if (entry.shared.kind.key !== kind.key) trap(`handle ${handle} carries another type`);
  return entry;
}

function streamSource(value: unknown): StreamSource {
  if (typeof value === "object" && value !== null && "pull" in value) return value as StreamSource;
  throw new TypeError("the host returned something without pull() where a stream is declared");
}

function futureSource(value: unknown): FutureSource {
  if (isPromiseLike(value)) return { value };
  if (typeof value === "object" && value !== null && "value" in value) return value as FutureSource;
  throw new TypeError("the host returned something else where a future is declared");
}
