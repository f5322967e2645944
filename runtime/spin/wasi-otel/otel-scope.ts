import { trap } from "../../error.ts";
import type { Result } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import type { Awaitable } from "../key-value/key-value-store.ts";
import type { LogRecord, ResourceMetrics, SpanContext, SpanData } from "./otel-types.ts";

/** What the telemetry interfaces need of an instance's context. */
export interface OtelScope {
  readonly otel: OtelContext;
}

/** Where a guest's telemetry goes; undefined parts are not wanted. */
export interface OtelSink {
  onSpan?(span: SpanData): void;
  /** An error's text goes to the guest. */
  onMetrics?(metrics: ResourceMetrics): Awaitable<Result<void, string>>;
  onLog?(record: LogRecord): void;
  /** {@link OtelContext.current} is another one now. */
  onCurrent?(span: SpanContext): void;
}

/** No span: what a guest gets as the host's one when the host has no telemetry. */
export const noSpan: SpanContext = {
  traceId: "0".repeat(32),
  spanId: "0".repeat(16),
  traceFlags: { sampled: false },
  isRemote: false,
  traceState: [],
};

/** The telemetry of one guest instance: the spans that it has begun. */
export class OtelContext {
  readonly sink: OtelSink;
  /** The span of the host in which the guest runs. */
  readonly outer: SpanContext;
  /** In the order in which they began. */
  #begun: Map<string, SpanContext> | undefined;

  constructor(sink: OtelSink = {}, outer: SpanContext = noSpan) {
    this.sink = sink;
    this.outer = outer;
  }

  /**
   * The newest span that the guest has begun and not ended, else the host's: what the guest asks
   * of the host meanwhile happens in it.
   */
  get current(): SpanContext {
    return [...(this.#begun?.values() ?? [])].at(-1) ?? this.outer;
  }

  begin(span: SpanContext): void {
    if (this.sink.onSpan === undefined) return;
    this.#begun ??= new Map();
    if (this.#begun.size >= limits.guestSpansMax) {
      trap(`the guest has begun ${limits.guestSpansMax} spans without ending one`);
    }
    this.#begun.set(span.spanId, span);
    this.sink.onCurrent?.(span);
  }

  end(span: SpanData): void {
    if (this.sink.onSpan === undefined) return;
    if (this.#begun?.delete(span.spanContext.spanId) !== true) {
      trap("Trying to end a span that was not started");
    }
    this.sink.onCurrent?.(this.current);
    this.sink.onSpan(span);
  }
}
