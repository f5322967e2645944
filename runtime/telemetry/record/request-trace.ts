import { limits } from "../../limits.ts";
import type { GuestSpan, GuestSpanContext } from "../guest-telemetry.ts";
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

export interface TraceParts {
  readonly ids: TraceIds;
  /** Whether its spans go to a collector; else they are only kept to be shown. */
  readonly isExported: boolean;
  /** What the guest is told: whether spans of its own are wanted. */
  readonly isSampled: boolean;
}

/** The span of a call that the guest has the host do. */
export interface CallContext extends TraceContext {
  /** That of the guest, or of its own in which it asked. */
  readonly parentSpanId: string;
}

/** The spans of one request that is recorded. */
export class RequestTrace {
  /** In which the guest runs. */
  readonly guest: TraceContext;
  readonly root: TraceContext;
  readonly #ids: TraceIds;
  readonly #parentSpanId: string;
  readonly #ended: ExportedSpan[] = [];
  readonly #guestSpans: ExportedSpan[] = [];
  readonly isExported: boolean;
  #callParentId: string;
  #calls = 0;
  #lost = 0;

  constructor(traceId: string, parent: TraceContext | undefined, parts: TraceParts) {
    const { ids, isExported, isSampled } = parts;
    this.#ids = ids;
    this.isExported = isExported;
    this.#parentSpanId = parent?.spanId ?? "";
    const traceState = parent?.traceState ?? "";
    this.root = { traceId, spanId: ids.spanId(), isSampled, traceState };
    this.guest = { traceId, spanId: ids.spanId(), isSampled, traceState };
    this.#callParentId = this.guest.spanId;
  }

  /** Calls that have no span. */
  get lost(): number {
    return this.#lost;
  }

  /** The guest is in this span of its own now; one of another trace is not looked at. */
  enter({ traceId, spanId }: GuestSpanContext): void {
    this.#callParentId = traceId === this.guest.traceId ? spanId : this.guest.spanId;
  }

  /** Whether another call of the guest may have a span: a guest in a loop must not fill memory. */
  beginCall(): CallContext | undefined {
    if (!this.#hasRoom()) return undefined;
    return { ...this.guest, spanId: this.#ids.spanId(), parentSpanId: this.#callParentId };
  }

  /** A call that the host has done for the guest. */
  endCall({ spanId, parentSpanId }: CallContext, part: SpanPart): void {
    this.#add(spanId, parentSpanId, part);
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

  /** A span that the guest itself has recorded: kept to be shown, exported elsewhere. */
  addGuestSpan(component: string, span: GuestSpan): void {
    if (this.#hasRoom()) this.#guestSpans.push({ from: "guest", component, span });
  }

  #hasRoom(): boolean {
    const hasRoom = this.#calls < limits.hostCallSpansMax;
    if (hasRoom) this.#calls++;
    else this.#lost++;
    return hasRoom;
  }

  /** Every span of the guest's own. */
  get guestSpans(): readonly ExportedSpan[] {
    return this.#guestSpans;
  }

  /** Every span of the host that has ended. */
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
