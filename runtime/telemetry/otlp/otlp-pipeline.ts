import { errorText } from "../../error.ts";
import { limits } from "../../limits.ts";
import type { ItemQueue } from "../item-queue.ts";
import type { ExportedLog } from "../log-record.ts";
import type { RuntimeMetrics } from "../metrics/runtime-metrics.ts";
import type { ExportedGuestMetrics } from "../record/shared-recording.ts";
import type { SpanSource } from "../trace/span-record.ts";
import { BatchQueue } from "./batch-queue.ts";
import type { BatchQueueOptions } from "./batch-queue.ts";
import { countDataPoints } from "./guest-metrics.ts";
import { OtlpExporter } from "./otlp-exporter.ts";
import { logsRequest } from "./otlp-logs.ts";
import { guestMetricsRequest, metricsRequest } from "./otlp-metrics.ts";
import type { OtlpBatching, OtlpOptions } from "./otlp-options.ts";
import type { Signal } from "./otlp-schema.ts";
import { PostingThread } from "./posting-thread.ts";
import { exportedSpans, tracesRequest, type Exporting } from "./otlp-spans.ts";

export interface PipelineDependencies {
  readonly options: OtlpOptions;
  readonly exporting: Exporting;
  readonly metrics: RuntimeMetrics;
  /** Asks for usage before metrics are read. */
  collect(): void;
  onWarning(message: string): void;
}

/** Everything between the records of this process and a collector. */
export class OtlpPipeline {
  readonly spans: ItemQueue<SpanSource> | undefined;
  readonly logs: ItemQueue<ExportedLog> | undefined;
  readonly guestMetrics: ItemQueue<ExportedGuestMetrics> | undefined;
  readonly #dependencies: PipelineDependencies;
  readonly #thread = new PostingThread();
  readonly #queues: { close(signal: AbortSignal): Promise<void> }[] = [];
  readonly #startMs = performance.timeOrigin;
  readonly #metricsExporter: OtlpExporter | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #isExportingMetrics = false;

  constructor(dependencies: PipelineDependencies) {
    this.#dependencies = dependencies;
    const { options, exporting } = dependencies;
    const traces = this.#exporter("traces");
    if (traces !== undefined) {
      this.spans = this.#queue<SpanSource>("spans", options.spans, (batch, weight, signal) =>
        traces.send(weight, () => tracesRequest(exportedSpans(batch), exporting), signal),
      );
    }
    const logs = this.#exporter("logs");
    if (logs !== undefined) {
      this.logs = this.#queue<ExportedLog>("logs", options.logs, (batch, weight, signal) =>
        logs.send(weight, () => logsRequest(batch, exporting), signal),
      );
    }
    const metrics = this.#exporter("metrics");
    this.#metricsExporter = metrics;
    if (metrics === undefined) return;
    this.guestMetrics = this.#guestQueue(metrics, exporting);
    this.#timer = setInterval(() => void this.#exportMetrics(), options.metricIntervalMs);
    this.#timer.unref();
  }

  /** Sends what is left, as far as it goes until the signal aborts. Never rejects. */
  async close(signal: AbortSignal): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#queues.map((queue) => queue.close(signal)));
    await this.#exportMetrics(signal);
    await this.#thread[Symbol.asyncDispose]();
  }

  /** Undefined where the signal is not exported, or cannot be. */
  #exporter(signal: Signal): OtlpExporter | undefined {
    const { options, exporting, onWarning } = this.#dependencies;
    const target = options.targets[signal];
    if (target === undefined) return undefined;
    try {
      const { version } = exporting;
      return new OtlpExporter({ signal, target, version, thread: this.#thread, onWarning });
    } catch (error) {
      onWarning(`telemetry: ${signal} are not exported: ${errorText(error)}`);
      return undefined;
    }
  }

  #queue<T>(
    name: string,
    batching: OtlpBatching,
    send: BatchQueueOptions<T>["send"],
  ): BatchQueue<T> {
    const { metrics } = this.#dependencies;
    // At full load this is counted for every request.
    const beyondQueue = metrics.telemetryDropped.with(name, "queue_full");
    const queue = new BatchQueue<T>({
      ...batching,
      send,
      onTaken: (items) => metrics.telemetryItems.with(name).add(items),
      onDropped: (items, reason) => {
        if (reason === "queue_full") beyondQueue.add(items);
        else metrics.telemetryDropped.with(name, reason).add(items);
      },
    });
    this.#queues.push(queue);
    return queue;
  }

  #guestQueue(exporter: OtlpExporter, exporting: Exporting): ItemQueue<ExportedGuestMetrics> {
    const batching = { itemsMax: limits.guestMetricsWaitingMax, batchMax: 16, delayMs: 1_000 };
    const queue = this.#queue<ExportedGuestMetrics>(
      "guest_metrics",
      batching,
      (batch, weight, signal) =>
        exporter.send(weight, () => guestMetricsRequest(batch, exporting), signal),
    );
    return {
      hasRoom: (items) => queue.hasRoom(items),
      drop: (items) => queue.drop(items),
      push: (item) => {
        if (countDataPoints(item.metrics) <= limits.guestDataPointsMax) return queue.push(item);
        queue.drop(1);
        return false;
      },
    };
  }

  async #exportMetrics(signal: AbortSignal = new AbortController().signal): Promise<void> {
    const exporter = this.#metricsExporter;
    if (exporter === undefined || this.#isExportingMetrics || signal.aborted) return;
    this.#isExportingMetrics = true;
    const { metrics, exporting, collect } = this.#dependencies;
    collect();
    const times = { startMs: this.#startMs, nowMs: Date.now() };
    const make = (): Readonly<Record<string, unknown>> =>
      metricsRequest(metrics.all(), exporting, times);
    const { taken, lost, reason } = await exporter.send(1, make, signal);
    if (taken > 0) metrics.telemetryItems.with("metrics").add();
    if (lost > 0) metrics.telemetryDropped.with("metrics", reason).add();
    this.#isExportingMetrics = false;
  }
}
