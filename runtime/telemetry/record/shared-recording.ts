import type { GuestMetrics } from "../guest-telemetry.ts";
import type { ItemQueue } from "../item-queue.ts";
import type { LineRate } from "../line-limiter.ts";
import type { RequestLog } from "../live/request-log.ts";
import type { RequestRecorder } from "../live/request-recorder.ts";
import type { ExportedLog } from "../log-record.ts";
import type { RuntimeMetrics } from "../metrics/runtime-metrics.ts";
import type { Sampler } from "../trace/sampler.ts";
import type { SpanSource } from "../trace/span-record.ts";
import type { TraceIds } from "../trace/trace-ids.ts";

/** Metrics that a guest has exported. */
export interface ExportedGuestMetrics {
  readonly component: string;
  readonly metrics: GuestMetrics;
}

/** Whether requests are recorded: not before somebody looks, where nobody else wants it. */
export interface RecordingSwitch {
  isOn: boolean;
}

/** What all handlers of a process share; queues are undefined where nothing is exported. */
export interface SharedRecording {
  readonly metrics: RuntimeMetrics;
  readonly requestLog: RequestLog;
  readonly recording: RecordingSwitch;
  /** Keeps requests with their spans; undefined where nobody wants to look into one. */
  readonly recorder: RequestRecorder | undefined;
  readonly ids: TraceIds;
  readonly sampler: Sampler;
  /** Whether outgoing requests carry the trace context. */
  readonly isPropagating: boolean;
  readonly lineRate: LineRate;
  readonly spans: ItemQueue<SpanSource> | undefined;
  readonly logs: ItemQueue<ExportedLog> | undefined;
  readonly guestMetrics: ItemQueue<ExportedGuestMetrics> | undefined;
}
