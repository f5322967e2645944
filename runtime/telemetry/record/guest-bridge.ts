import type { GuestTelemetry } from "../telemetry.ts";
import type { GuestSpanContext } from "../guest-telemetry.ts";
import type { TraceContext } from "../trace/trace-context.ts";
import type { SharedRecording } from "./shared-recording.ts";

/**
 * What an instance gets for wasi:otel: its spans, metrics and log records go where the host's go.
 * Undefined where nothing is exported.
 */
export function guestTelemetry(
  shared: SharedRecording,
  component: string,
  context: TraceContext | undefined,
): GuestTelemetry | undefined {
  const { spans, logs, guestMetrics } = shared;
  if (spans === undefined && logs === undefined && guestMetrics === undefined) return undefined;
  return {
    outer: guestSpanContext(context),
    onSpan: (span) => {
      if (span.spanContext.traceFlags.sampled) spans?.push({ from: "guest", component, span });
    },
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
