import type { GuestTelemetry } from "../telemetry.ts";
import type { GuestSpanContext } from "../guest-telemetry.ts";
import type { TraceContext } from "../trace/trace-context.ts";
import type { RequestTrace } from "./request-trace.ts";
import type { SharedRecording } from "./shared-recording.ts";

/** Where the spans of a guest belong. */
export interface GuestSurroundings {
  readonly trace: RequestTrace | undefined;
  /** The context that came with the request. */
  readonly parent: TraceContext | undefined;
}

/**
 * What an instance gets for wasi:otel: its spans, metrics and log records go where the host's go.
 * Undefined where nobody wants them.
 */
export function guestTelemetry(
  shared: SharedRecording,
  component: string,
  { trace, parent }: GuestSurroundings,
): GuestTelemetry | undefined {
  const { spans, logs, guestMetrics } = shared;
  const isWanted = spans ?? logs ?? guestMetrics ?? shared.recorder;
  if (isWanted === undefined) return undefined;
  return {
    outer: guestSpanContext(trace?.guest ?? parent),
    onSpan: (span) => {
      const isSampled = span.spanContext.traceFlags.sampled && trace?.isExported !== false;
      if (isSampled) spans?.push({ from: "guest", component, span });
      if (shared.recorder !== undefined) trace?.addGuestSpan(component, span);
    },
    onCurrent: (span) => trace?.enter(span),
    onMetrics: (metrics) => {
      if (guestMetrics === undefined || guestMetrics.push({ component, metrics })) {
        return { tag: "ok", val: undefined };
      }
      return {
        tag: "err",
        val: "too many metric exports wait for the collector; export less often",
      };
    },
    onLog: (record) => void logs?.push({ from: "guest", component, timeMs: Date.now(), record }),
  };
}

const noContext: GuestSpanContext = {
  traceId: "0".repeat(32),
  spanId: "0".repeat(16),
  traceFlags: { sampled: false },
  isRemote: false,
  traceState: [],
};

function guestSpanContext(context: TraceContext | undefined): GuestSpanContext {
  if (context === undefined) return noContext;
  const { traceId, spanId, isSampled, traceState } = context;
  const members = traceState === "" ? [] : traceState.split(",");
  return {
    traceId,
    spanId,
    traceFlags: { sampled: isSampled },
    isRemote: false,
    traceState: members.map((member) => {
      const equals = member.indexOf("=");
      return [member.slice(0, equals), member.slice(equals + 1)] as const;
    }),
  };
}
