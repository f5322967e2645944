import type { GuestLog, GuestMetrics, GuestSpan, GuestSpanContext } from "./guest-telemetry.ts";

/** What calls a guest. `chained` is a request of another component of the same app. */
export type TriggerType = "http" | "chained" | "redis" | "mqtt" | "sqs" | "cron" | "command";

/**
 * Where an instance came from: instantiated from its modules, made from the snapshot, put back
 * after an earlier request, or answering other requests at the same time.
 */
export type InstanceStart = "cold" | "fresh" | "reset" | "shared";

/** Who handles requests or events; made once for each trigger, not for each request. */
export interface HandlerIdentity {
  readonly app: string;
  readonly component: string;
  readonly trigger: TriggerType;
  /** HTTP route as declared; channel, topic, queue or cron expression of an event. */
  readonly route: string;
}

/** A request as it arrived; the trigger's own object will do. */
export interface InboundRequest {
  readonly method: string;
  readonly scheme: string;
  /** Path with query. */
  readonly target: string;
  /** Alternating names and values. */
  readonly rawHeaders: readonly string[];
  readonly peer?:
    | {
        readonly remoteAddress?: string | undefined;
        readonly remotePort?: number | undefined;
      }
    | undefined;
}

/** An event as it arrived. */
export interface InboundEvent {
  /** When it was taken from its source, by `performance.now()`; now, if not given. */
  readonly receivedMs?: number | undefined;
  /** When it happened or was sent, in milliseconds since 1970, where that is known. */
  readonly sentMs?: number | undefined;
}

/** Lines that a component writes outside of requests, or while nothing is recorded. */
export interface LineGate {
  /** False where the rate limit holds it back. */
  line(stream: "stdout" | "stderr", text: string): boolean;
}

/** Memory of one component, asked for when somebody looks. */
export interface ComponentUsage {
  readonly app: string;
  readonly component: string;
  readonly memoryBytes?: number | undefined;
  readonly memoryLimitBytes?: number | undefined;
  readonly busyInstances?: number | undefined;
  readonly idleInstances?: number | undefined;
}

/** An outgoing HTTP request of a guest. */
export interface OutboundRequest {
  readonly method: string;
  /** `https://host:port`. */
  readonly origin: string;
  /** Path with query. */
  readonly path: string;
}

/** An outgoing request under way. */
export interface OutboundCall {
  /** The header lines (alternating names and values) to send instead of these. */
  headers(lines: string[]): string[];
  /** Its answer's head is there, or it failed: `error` is a code of wasi:http. Once. */
  end(status: number | undefined, error?: string): void;
}

/** Something the host does for a guest: a span of its own. */
export interface HostCallSpan {
  /** Once; `error` is a short code. */
  end(error?: string): void;
}

/** wasi:otel of one instance: made to fit the context of runtime/spin/wasi-otel. */
export interface GuestTelemetry {
  /** The span in which the guest runs. */
  readonly outer: GuestSpanContext;
  readonly onSpan: (span: GuestSpan) => void;
  /** The guest is in this span from now on: what it asks of the host belongs there. */
  readonly onCurrent: (span: GuestSpanContext) => void;
  readonly onMetrics: (
    metrics: GuestMetrics,
  ) =>
    | { readonly tag: "ok"; readonly val: undefined }
    | { readonly tag: "err"; readonly val: string };
  readonly onLog: (record: GuestLog) => void;
}

/**
 * One call of a guest, from the arrival of its request or event to its end. Passed on explicitly
 * with everything that belongs to this request. No method throws; calls after {@link end} are
 * ignored.
 */
export interface Invocation {
  /** False for {@link noTelemetry}'s: who would have to prepare something need not. */
  readonly isOn: boolean;
  /** Correlates lines and records of this request; undefined where telemetry is off. */
  readonly traceId: string | undefined;
  /** For the guest's own telemetry; undefined where nobody wants it. */
  readonly guest: GuestTelemetry | undefined;
  /** An instance is asked for now: its turn has come. */
  instanceWanted(): void;
  instanceTaken(start: InstanceStart): void;
  /** Status of the answer that is sent. */
  responded(status: number): void;
  /** The guest is done; its instance is given back from now on. */
  resetStarted(): void;
  resetEnded(): void;
  /** The request failed: the first one counts. Does not end it. */
  failed(error: unknown): void;
  /** A bound was reached: its name, from a closed set. */
  limitHit(limit: string): void;
  outbound(request: OutboundRequest): OutboundCall;
  /** `name` is Spin's: `spin_key_value.get`. */
  hostCall(name: string): HostCallSpan;
  /** A line that the guest wrote: false where the rate limit holds it back. */
  line(stream: "stdout" | "stderr", text: string): boolean;
  end(): void;
}

/** What is counted and traced for one trigger of one component. */
export interface HandlerTelemetry {
  /** A request has arrived. */
  begin(request: InboundRequest): Invocation;
  /** An event's turn has come. */
  beginEvent(event: InboundEvent): Invocation;
  /** Events that wait now. */
  backlog(events: number): void;
  /** An event is not handled: too many wait. */
  eventDropped(): void;
}

/** What one process tells about the apps that it runs. One object, passed in; no method throws. */
export interface Telemetry {
  /** False for {@link noTelemetry}. */
  readonly isOn: boolean;
  /** Whether spans are wanted: what is done for them alone need not be done otherwise. */
  readonly isTracing: boolean;
  handler(identity: HandlerIdentity): HandlerTelemetry;
  lines(component: Pick<HandlerIdentity, "app" | "component">): LineGate;
  /** Asks `source` for usage whenever somebody looks, until disposed. */
  observe(source: () => Iterable<ComponentUsage>): Disposable;
  /** An app is not served here any more: its series go. */
  forget(app: string): void;
}
