import { limits } from "../../limits.ts";
import type { TraceContext } from "../trace/trace-context.ts";
import type { TraceIds } from "../trace/trace-ids.ts";
import type { Attributes, ExportedSpan, SpanKind, SpanRecord } from "../trace/span-record.ts";

/** A part of a request's time; milliseconds of `performance.now()`. */
export interface SpanPart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly error?: string | undefined;
}

/** The spans of one request that is recorded. */
export class RequestTrace {
  /** In which the guest runs. */
  readonly guest: TraceContext;
  readonly root: TraceContext;
  readonly #ids: TraceIds;
  readonly #parentSpanId: string;
  readonly #ended: ExportedSpan[] = [];
  #calls = 0;

  constructor(traceId: string, parent: TraceContext | undefined, ids: TraceIds) {
    this.#ids = ids;
    this.#parentSpanId = parent?.spanId ?? "";
    const traceState = parent?.traceState ?? "";
    this.root = { traceId, spanId: ids.spanId(), isSampled: true, traceState };
    this.guest = { traceId, spanId: ids.spanId(), isSampled: true, traceState };
  }

  /** Whether another call of the guest may have a span: a guest in a loop must not fill memory. */
  beginCall(): TraceContext | undefined {
    if (this.#calls >= limits.hostCallSpansMax) return undefined;
    this.#calls++;
    return { ...this.guest, spanId: this.#ids.spanId() };
  }

  /** A call that the host has done for the guest. */
  endCall(context: TraceContext, part: SpanPart): void {
    this.#add(context.spanId, this.guest.spanId, part);
  }

  /** A part of the host's own work. */
  addPart(part: SpanPart): void {
    this.#add(this.#ids.spanId(), this.root.spanId, part);
  }

  addGuest(part: SpanPart): void {
    this.#add(this.guest.spanId, this.root.spanId, part);
  }

  addRoot(part: SpanPart): void {
    this.#add(this.root.spanId, this.#parentSpanId, part);
  }

  /** Every span that has ended. */
  get ended(): readonly ExportedSpan[] {
    return this.#ended;
  }

  #add(spanId: string, parentSpanId: string, part: SpanPart): void {
    const { traceId, traceState } = this.root;
    const span: SpanRecord = {
      traceId,
      spanId,
      parentSpanId,
      traceState,
      name: part.name,
      kind: part.kind,
      startMs: performance.timeOrigin + part.startMs,
      endMs: performance.timeOrigin + part.endMs,
      attributes: part.attributes,
      error: part.error,
    };
    this.#ended.push({ from: "host", span });
  }
}
