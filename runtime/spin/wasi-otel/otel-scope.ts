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

/** What a guest's telemetry belongs to. */
export interface OtelSource {
  /** Where it goes, and the host's span in which the guest runs; undefined where nobody wants it. */
  readonly guest: (OtelSink & { readonly outer: SpanContext }) | undefined;
}

const unwanted: NonNullable<OtelSource["guest"]> = { outer: noSpan };

/** The telemetry of one guest instance: the spans that it has begun. */
export class OtelContext {
  readonly #source: OtelSource | undefined;
  #guest: OtelSource["guest"];
  /** In the order in which they began. */
  #begun: Map<string, SpanContext> | undefined;

  /** The source is asked when the guest first does something: most guests never do. */
  constructor(source?: OtelSource) {
    this.#source = source;
  }

  get sink(): OtelSink {
    return this.#opened();
  }

  /** The span of the host in which the guest runs. */
  get outer(): SpanContext {
    return this.#opened().outer;
  }

  #opened(): NonNullable<OtelSource["guest"]> {
    return (this.#guest ??= this.#source?.guest ?? unwanted);
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
