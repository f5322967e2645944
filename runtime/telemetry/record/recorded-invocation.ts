import { errorText, WhorlError } from "../../error.ts";
import type { GuestLimit } from "../../error.ts";
import { RequestLines } from "../live/request-lines.ts";
import type { RequestRecord } from "../live/request-record.ts";
import type { ItemQueue } from "../item-queue.ts";
import type { Attributes, SpanSource } from "../trace/span-record.ts";
import { noInvocation } from "../no-telemetry.ts";
import type {
  GuestTelemetry,
  HostCallSpan,
  InboundEvent,
  InboundRequest,
  InstanceStart,
  Invocation,
  OutboundCall,
  OutboundRequest,
} from "../telemetry.ts";
import { inboundTraceContext, type TraceContext } from "../trace/trace-context.ts";
import { guestTelemetry } from "./guest-bridge.ts";
import { RecordedOutbound } from "./recorded-outbound.ts";
import type { RecordedHandler } from "./recorded-handler.ts";
import { hostPartsMax, requestFacts } from "./host-spans.ts";
import { knownMethod } from "./request-meters.ts";
import { RequestTrace } from "./request-trace.ts";

const noHeaders: readonly string[] = [];

/** A call of a guest that is counted, and perhaps traced. Times are of `performance.now()`. */
export class RecordedInvocation implements Invocation {
  readonly isOn = true;
  readonly #handler: RecordedHandler;
  readonly #request: InboundRequest | undefined;
  readonly #arrivedMs: number;
  /** Undefined: not decided yet. */
  #begunTrace: RequestTrace | null | undefined;
  /** Undefined: not looked for yet. */
  #parent: TraceContext | null | undefined;
  #traceId: string | undefined;
  /** Which the id ends with, where the trace begins here. */
  #lot: number | undefined;
  #wantedMs = 0;
  #takenMs = 0;
  #resetMs = 0;
  #resetEndMs = 0;
  #start: InstanceStart | undefined;
  #isCold = false;
  #status = 0;
  #error: string | undefined;
  #message: string | undefined;
  #waitedMs = 0;
  #lines: RequestLines | undefined;
  #isEnded = false;

  constructor(
    handler: RecordedHandler,
    request: InboundRequest | undefined,
    event: InboundEvent | undefined,
  ) {
    this.#handler = handler;
    this.#request = request;
    this.#arrivedMs = event?.receivedMs ?? performance.now();
    handler.meters.inFlight.value++;
  }

  get traceId(): string | undefined {
    const { ids } = this.#handler.shared;
    return (this.#traceId ??=
      this.#trace?.traceId ?? this.parent?.traceId ?? ids.traceId(this.#lot));
  }

  /** Undefined where nobody wants the spans. */
  get #trace(): RequestTrace | undefined {
    if (this.#begunTrace === undefined) this.#begunTrace = this.#begun() ?? null;
    return this.#begunTrace ?? undefined;
  }

  get guest(): GuestTelemetry | undefined {
    const { shared, identity } = this.#handler;
    return guestTelemetry(shared, identity.component, { trace: this.#trace, parent: this.parent });
  }

  /** The context that came with the request. */
  get parent(): TraceContext | undefined {
    if (this.#parent === undefined) {
      this.#parent = inboundTraceContext(this.#request?.rawHeaders ?? noHeaders) ?? null;
    }
    return this.#parent ?? undefined;
  }

  instanceWanted(): void {
    const now = performance.now();
    this.#wantedMs = now;
    this.#handler.meters.queue.observe((now - this.#arrivedMs) / 1000);
  }

  instanceTaken(start: InstanceStart): void {
    const now = performance.now();
    const { meters } = this.#handler;
    this.#takenMs = now;
    this.#start = start;
    this.#isCold = this.#handler.isColdStart(start);
    if (this.#isCold) meters.coldStarts.value++;
    if (start === "reset") meters.resets.value++;
    const taken = meters.taken(start);
    taken.count.value++;
    taken.seconds.observe((now - this.#wantedMs) / 1000);
  }

  responded(status: number): void {
    if (!this.#isEnded) this.#status = status;
  }

  resetStarted(): void {
    this.#resetMs = performance.now();
  }

  resetEnded(): void {
    const { meters } = this.#handler;
    this.#resetEndMs = performance.now();
    meters.reset.observe((this.#resetEndMs - this.#resetMs) / 1000);
  }

  failed(error: unknown): void {
    if (this.#error !== undefined || this.#isEnded) return;
    const limit = guestLimit(error);
    this.#error = limit === undefined ? failureCode(error) : "limit";
    this.#message = errorText(error);
    if (limit !== undefined) this.limitHit(limit);
  }

  limitHit(limit: string): void {
    this.#handler.meters.limitHit(limit).add();
  }

  outbound(request: OutboundRequest): OutboundCall {
    return new RecordedOutbound(request, {
      meters: this.#handler.meters,
      trace: this.#trace,
      // Without spans that anybody gets, the caller's context goes on as it came.
      passedOn:
        this.#handler.shared.isPropagating && this.#trace?.isExported !== true
          ? this.parent
          : undefined,
      isPropagating: this.#handler.shared.isPropagating,
      onWaited: (ms) => void (this.#waitedMs += ms),
    });
  }

  hostCall(name: string): HostCallSpan {
    const trace = this.#trace;
    const context = trace?.beginCall();
    if (trace === undefined || context === undefined) return noInvocation.hostCall(name);
    const startMs = performance.now();
    return {
      end: (error) => {
        const attributes: Attributes = error === undefined ? [] : [["error.type", error]];
        const endMs = performance.now();
        trace.endCall(context, { name, kind: "internal", startMs, endMs, attributes, error });
      },
    };
  }

  line(stream: "stdout" | "stderr", text: string): boolean {
    const { guest } = this.#trace ?? {};
    if (this.#handler.shared.recorder !== undefined) {
      this.#lines ??= new RequestLines();
      this.#lines.add({ timeMs: Date.now(), stream, text });
    }
    return this.#handler.line(stream, text, guest);
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const now = performance.now();
    const { meters } = this.#handler;
    const error = this.#error ?? (this.#status >= 500 ? "response" : undefined);
    meters.inFlight.value--;
    meters.duration.observe((now - this.#arrivedMs) / 1000);
    meters.spinRequests.value++;
    const status = this.#request === undefined ? 0 : this.#status;
    meters.answered(knownMethod(this.#request?.method ?? ""), status).value++;
    if (error !== undefined) meters.failed(error).add();
    if (this.#takenMs > 0) {
      const endMs = this.#resetEndMs === 0 ? now : this.#resetEndMs;
      this.#handler.wasBusy(endMs - this.#takenMs - this.#waitedMs);
    }
    this.#tell(now, error);
  }

  /** Whoever collects spans, or looks. */
  #tell(now: number, error: string | undefined): void {
    const { requestLog, recorder, spans } = this.#handler.shared;
    const isKept = recorder !== undefined && (error !== undefined || recorder.hasRoom(now));
    const trace = isKept || spans !== undefined ? this.#trace : undefined;
    if (trace !== undefined && (isKept || trace.isExported)) this.#finish(trace, now, error);
    if (isKept || requestLog.isWatched) {
      const record = this.#record(now, error);
      if (requestLog.isWatched) requestLog.add(record);
      if (isKept) recorder.add(record, trace, this.#lines);
    }
    if (!isKept) recorder?.pass();
  }

  #begun(): RequestTrace | undefined {
    const { spans, recorder, ids } = this.#handler.shared;
    if (spans === undefined && recorder === undefined) return undefined;
    const { parent } = this;
    // Where nobody exports anything, what is sampled is decided by who looks.
    if (spans === undefined) {
      return new RequestTrace({ ids, parent, lot: undefined, isExported: false, isSampled: true });
    }
    const isExported = this.#isExported(spans, parent);
    if (!isExported && recorder === undefined) return undefined;
    const lot = this.#lot;
    return new RequestTrace({ ids, parent, lot, isExported, isSampled: isExported });
  }

  #isExported(spans: ItemQueue<SpanSource>, parent: TraceContext | undefined): boolean {
    const { sampler, ids } = this.#handler.shared;
    const isSampled =
      parent === undefined ? sampler.begins((this.#lot = ids.lot())) : sampler.continues(parent);
    if (!isSampled) return false;
    // All spans of a request or none: a trace with holes would mislead.
    if (spans.hasRoom(hostPartsMax)) return true;
    spans.drop(hostPartsMax);
    return false;
  }

  #finish(trace: RequestTrace, endMs: number, error: string | undefined): void {
    const { identity, shared, guestSpanName } = this.#handler;
    trace.finish({
      identity,
      guestSpanName,
      request: this.#request && requestFacts(this.#request),
      arrivedMs: this.#arrivedMs,
      wantedMs: this.#wantedMs,
      takenMs: this.#takenMs,
      resetMs: this.#resetMs,
      resetEndMs: this.#resetEndMs,
      endMs,
      start: this.#start,
      isCold: this.#isCold,
      status: this.#status,
      error,
      message: this.#message,
    });
    if (trace.isExported) shared.spans?.push({ from: "request", trace }, trace.hostSize);
  }

  #record(now: number, error: string | undefined): RequestRecord {
    const { identity } = this.#handler;
    const isTaken = this.#start !== undefined;
    return {
      timeMs: performance.timeOrigin + this.#arrivedMs,
      app: identity.app,
      component: identity.component,
      trigger: identity.trigger,
      method: this.#request?.method ?? "",
      path: this.#request?.target ?? identity.route,
      route: identity.route,
      status: this.#status,
      durationMs: now - this.#arrivedMs,
      queueMs: isTaken ? this.#wantedMs - this.#arrivedMs : 0,
      takeMs: isTaken ? this.#takenMs - this.#wantedMs : 0,
      start: this.#start,
      isCold: this.#isCold,
      traceId: this.traceId ?? "",
      error,
      message: this.#message,
    };
  }
}

/** The bound of the guest that an error, or what caused it, is about. */
function guestLimit(error: unknown): GuestLimit | undefined {
  let cause = error;
  for (let depth = 0; depth < causesMax && cause instanceof Error; depth++) {
    if (cause instanceof WhorlError && cause.limit !== undefined) return cause.limit;
    cause = cause.cause;
  }
  return undefined;
}

const causesMax = 5;

/** The code of an error that has one, from a small set: it becomes a label. */
function failureCode(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[a-z_]{1,32}$/.test(code) ? code : "internal";
}
