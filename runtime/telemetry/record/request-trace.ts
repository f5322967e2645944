import { limits } from "../../limits.ts";
import type { GuestSpan, GuestSpanContext } from "../guest-telemetry.ts";
import type { TraceContext } from "../trace/trace-context.ts";
import type { TraceIds } from "../trace/trace-ids.ts";
import type { ExportedSpan, SpanRecord } from "../trace/span-record.ts";
import { type EndedCall, hostPartCount, hostParts, type SpanPart } from "./host-spans.ts";

export interface TraceParts {
  readonly ids: TraceIds;
  /** The context that came with the request. */
  readonly parent: TraceContext | undefined;
  /** Drawn already, where the trace begins here: its id ends with it. */
  readonly lot: number | undefined;
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

/**
 * The spans of one request that is recorded. Those of a request that is only kept to be shown are
 * made when somebody looks: most of them nobody ever looks at.
 */
export class RequestTrace {
  readonly isExported: boolean;
  readonly #parts: TraceParts;
  #traceId: string | undefined;
  #root: TraceContext | undefined;
  #guest: TraceContext | undefined;
  #ended: ExportedSpan[] | undefined;
  #guestSpans: ExportedSpan[] | undefined;
  /** Whose spans are not made yet. */
  #call: EndedCall | undefined;
  #callParentId: string | undefined;
  #calls = 0;
  #lost = 0;

  constructor(parts: TraceParts) {
    this.#parts = parts;
    this.isExported = parts.isExported;
  }

  get traceId(): string {
    const { parent, ids, lot } = this.#parts;
    return (this.#traceId ??= parent?.traceId ?? ids.traceId(lot));
  }

  get root(): TraceContext {
    return (this.#root ??= this.#context());
  }

  /** In which the guest runs. */
  get guest(): TraceContext {
    return (this.#guest ??= this.#context());
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
    const parentSpanId = this.#callParentId ?? this.guest.spanId;
    return { ...this.guest, spanId: this.#parts.ids.spanId(), parentSpanId };
  }

  /** A call that the host has done for the guest. */
  endCall({ spanId, parentSpanId }: CallContext, part: SpanPart): void {
    this.#add(spanId, parentSpanId, part);
  }

  /** A span that the guest itself has recorded: kept to be shown, exported elsewhere. */
  addGuestSpan(component: string, span: GuestSpan): void {
    if (this.#hasRoom()) (this.#guestSpans ??= []).push({ from: "guest", component, span });
  }

  /** The request has ended: nothing is added but guests' spans. */
  finish(call: EndedCall): void {
    this.#call = call;
  }

  /** Every span of the guest's own. */
  get guestSpans(): readonly ExportedSpan[] {
    return this.#guestSpans ?? none;
  }

  /** How many spans of the host there are, made or not. */
  get hostSize(): number {
    const unmade = this.#call === undefined ? 0 : hostPartCount(this.#call);
    return unmade + (this.#ended?.length ?? 0);
  }

  /** Every span of the host that has ended. */
  get ended(): readonly ExportedSpan[] {
    if (this.#call !== undefined) this.#makeSpans(this.#call);
    this.#call = undefined;
    return this.#ended ?? none;
  }

  /** How many spans there are, made or not. */
  get size(): number {
    return this.hostSize + (this.#guestSpans?.length ?? 0);
  }

  #makeSpans(call: EndedCall): void {
    const { parent, ids } = this.#parts;
    const rootId = this.root.spanId;
    for (const part of hostParts(call)) {
      if (part.of === "request") this.#add(rootId, parent?.spanId ?? "", part);
      else this.#add(part.of === "guest" ? this.guest.spanId : ids.spanId(), rootId, part);
    }
  }

  #context(): TraceContext {
    const { parent, ids, isSampled } = this.#parts;
    const traceState = parent?.traceState ?? "";
    return { traceId: this.traceId, spanId: ids.spanId(), isSampled, traceState };
  }

  #hasRoom(): boolean {
    const hasRoom = this.#calls < limits.hostCallSpansMax;
    if (hasRoom) this.#calls++;
    else this.#lost++;
    return hasRoom;
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
    (this.#ended ??= []).push({ from: "host", span });
  }
}

const none: readonly ExportedSpan[] = [];
