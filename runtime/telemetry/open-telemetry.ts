import { limits } from "../limits.ts";
import { defaultLineRate, type LineRate } from "./line-limiter.ts";
import { RequestLog } from "./live/request-log.ts";
import { RuntimeMetrics } from "./metrics/runtime-metrics.ts";
import { otlpOptions, type Environment } from "./otlp/otlp-options.ts";
import type { OtlpPipeline } from "./otlp/otlp-pipeline.ts";
import { RecordedHandler, componentState, type ComponentState } from "./record/recorded-handler.ts";
import type { SharedRecording } from "./record/shared-recording.ts";
import { resourceAttributes, type ResourceFacts } from "./resource.ts";
import type { ComponentUsage, HandlerIdentity, HandlerTelemetry, Telemetry } from "./telemetry.ts";
import { createSampler } from "./trace/sampler.ts";
import { RandomTraceIds } from "./trace/trace-ids.ts";

export interface TelemetryOptions {
  /** `OTEL_*` and what a pod knows of itself. */
  readonly environment: Environment;
  readonly resource: ResourceFacts;
  readonly lineRate?: LineRate;
  /** Something is set up wrongly, or the collector is not there. */
  onWarning(message: string): void;
  /** Lines of a component were held back by the rate limit: at most once a second for each. */
  onLinesDropped(component: string, count: number): void;
}

/** A process that counts, and exports if its environment says where to. */
export interface OpenTelemetry extends Telemetry {
  readonly metrics: RuntimeMetrics;
  readonly requestLog: RequestLog;
  /** Asks all sources for usage: before metrics are read. */
  collect(): void;
  /**
   * Sends what waits to be exported, for `limits.telemetryFlushMsMax` at most or until the signal
   * aborts. Never rejects.
   */
  close(signal?: AbortSignal): Promise<void>;
}

/** Starts to count. Never throws for what the environment says; see `onWarning`. */
export async function openTelemetry(options: TelemetryOptions): Promise<OpenTelemetry> {
  const { environment, resource, onWarning, lineRate = defaultLineRate } = options;
  const otlp = otlpOptions(environment);
  for (const warning of otlp.warnings) onWarning(`telemetry: ${warning}`);
  const metrics = new RuntimeMetrics();
  const usage = new UsageSources(metrics);
  let pipeline: OtlpPipeline | undefined;
  if (Object.keys(otlp.targets).length > 0) {
    // Loaded by who exports only.
    const { OtlpPipeline: Pipeline } = await import("./otlp/otlp-pipeline.ts");
    pipeline = new Pipeline({
      options: otlp,
      exporting: {
        resource: resourceAttributes(resource, environment),
        version: resource.version,
      },
      metrics,
      collect: () => usage.collect(),
      onWarning,
    });
  }
  const shared: SharedRecording = {
    metrics,
    requestLog: new RequestLog(),
    ids: new RandomTraceIds(),
    sampler: createSampler(otlp.sampler, otlp.ratio),
    isPropagating: otlp.isPropagating,
    lineRate,
    spans: pipeline?.spans,
    logs: pipeline?.logs,
    guestMetrics: pipeline?.guestMetrics,
  };
  return new RecordingTelemetry(shared, { usage, pipeline, options });
}

interface RecordingParts {
  readonly usage: UsageSources;
  readonly pipeline: OtlpPipeline | undefined;
  readonly options: TelemetryOptions;
}

/** How often lines that were held back are told of. */
const droppedLinesEveryMs = 1_000;

class RecordingTelemetry implements OpenTelemetry {
  readonly isOn = true;
  readonly isTracing: boolean;
  readonly #shared: SharedRecording;
  readonly #parts: RecordingParts;
  readonly #components = new Map<string, { readonly id: string; readonly state: ComponentState }>();
  readonly #timer: NodeJS.Timeout;
  #closed: Promise<void> | undefined;

  constructor(shared: SharedRecording, parts: RecordingParts) {
    this.#shared = shared;
    this.#parts = parts;
    this.isTracing = shared.spans !== undefined;
    this.#timer = setInterval(() => this.#tellDroppedLines(), droppedLinesEveryMs);
    this.#timer.unref();
  }

  get metrics(): RuntimeMetrics {
    return this.#shared.metrics;
  }

  get requestLog(): RequestLog {
    return this.#shared.requestLog;
  }

  handler(identity: HandlerIdentity): HandlerTelemetry {
    const { app, component: id } = identity;
    const key = `${app}\0${id}`;
    let component = this.#components.get(key);
    if (component === undefined) {
      component = { id, state: componentState(this.#shared) };
      this.#components.set(key, component);
    }
    return new RecordedHandler(identity, this.#shared, component.state);
  }

  observe(source: () => Iterable<ComponentUsage>): Disposable {
    return this.#parts.usage.add(source);
  }

  forget(app: string): void {
    this.#shared.metrics.forget(app);
    for (const key of this.#components.keys()) {
      if (key.startsWith(`${app}\0`)) this.#components.delete(key);
    }
  }

  collect(): void {
    this.#parts.usage.collect();
  }

  async close(signal?: AbortSignal): Promise<void> {
    await (this.#closed ??= this.#close(signal));
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    clearInterval(this.#timer);
    this.#tellDroppedLines();
    const { pipeline } = this.#parts;
    if (pipeline === undefined) return;
    const deadline = new AbortController();
    // Unlike AbortSignal.timeout, it keeps the process until then.
    const timer = setTimeout(() => deadline.abort(), limits.telemetryFlushMsMax);
    const until = signal === undefined ? [deadline.signal] : [signal, deadline.signal];
    await pipeline.close(AbortSignal.any(until));
    clearTimeout(timer);
  }

  #tellDroppedLines(): void {
    for (const { id, state } of this.#components.values()) {
      const dropped = state.lines.takeDropped();
      if (dropped > 0) this.#parts.options.onLinesDropped(id, dropped);
    }
  }
}

/** Memory and processor time, asked for when somebody looks. */
class UsageSources {
  readonly #metrics: RuntimeMetrics;
  readonly #sources = new Set<() => Iterable<ComponentUsage>>();

  constructor(metrics: RuntimeMetrics) {
    this.#metrics = metrics;
  }

  add(source: () => Iterable<ComponentUsage>): Disposable {
    this.#sources.add(source);
    return { [Symbol.dispose]: () => void this.#sources.delete(source) };
  }

  collect(): void {
    const { memory, memoryLimit, cpu, instances } = this.#metrics;
    for (const source of this.#sources) {
      for (const usage of source()) {
        const { app, component } = usage;
        if (usage.memoryBytes !== undefined) memory.with(app, component).set(usage.memoryBytes);
        if (usage.memoryLimitBytes !== undefined) {
          memoryLimit.with(app, component).set(usage.memoryLimitBytes);
        }
        if (usage.cpuSeconds !== undefined) cpu.with(app, component).value = usage.cpuSeconds;
        if (usage.busyInstances !== undefined) {
          instances.with(app, component, "busy").set(usage.busyInstances);
        }
        if (usage.idleInstances !== undefined) {
          instances.with(app, component, "idle").set(usage.idleInstances);
        }
      }
    }
  }
}
