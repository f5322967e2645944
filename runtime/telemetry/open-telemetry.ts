import { limits } from "../limits.ts";
import { defaultLineRate, type LineRate } from "./line-limiter.ts";
import { RequestLog } from "./live/request-log.ts";
import { RequestRecorder } from "./live/request-recorder.ts";
import { RuntimeMetrics } from "./metrics/runtime-metrics.ts";
import { otlpOptions, type Environment } from "./otlp/otlp-options.ts";
import type { OtlpPipeline } from "./otlp/otlp-pipeline.ts";
import { GuestLines } from "./record/guest-lines.ts";
import { RecordedHandler, componentState, type ComponentState } from "./record/recorded-handler.ts";
import type { SharedRecording } from "./record/shared-recording.ts";
import { resourceAttributes, type ResourceFacts } from "./resource.ts";
import { UsageSources } from "./record/usage-sources.ts";
import type { CpuScope } from "./record/usage-sources.ts";
import type {
  ComponentUsage,
  HandlerIdentity,
  HandlerTelemetry,
  LineGate,
  Telemetry,
} from "./telemetry.ts";
import { createSampler } from "./trace/sampler.ts";
import { RandomTraceIds } from "./trace/trace-ids.ts";

export interface TelemetryOptions {
  /** `OTEL_*` and what a pod knows of itself. */
  readonly environment: Environment;
  readonly resource: ResourceFacts;
  readonly lineRate?: LineRate;
  /**
   * When requests begin to be recorded: at once (by default), or when {@link OpenTelemetry.record}
   * is called, because somebody looks. Where something is exported, at once in any case.
   */
  readonly begin?: "now" | "asked";
  /** Keeps requests with their spans, so that one can be looked into. */
  readonly keepsRequests?: boolean;
  /** How many times as many series of metrics there may be as one app may have. */
  readonly metricsTimes?: number;
  /** Whose processor time is told; of the process where not given. */
  readonly cpuOf?: CpuScope;
  /** Something is set up wrongly, or the collector is not there. */
  onWarning(message: string): void;
  /** Lines of a component were held back by the rate limit: at most once a second for each. */
  onLinesDropped(component: string, count: number): void;
}

/** A process that counts, and exports if its environment says where to. */
export interface OpenTelemetry extends Telemetry {
  readonly metrics: RuntimeMetrics;
  readonly requestLog: RequestLog;
  /** With `keepsRequests`. */
  readonly recorder: RequestRecorder | undefined;
  /** Somebody looks: requests are recorded from now on. */
  record(): void;
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
  const { begin = "now", keepsRequests = false, cpuOf = "process" } = options;
  const otlp = otlpOptions(environment);
  for (const warning of otlp.warnings) onWarning(`telemetry: ${warning}`);
  const metrics = new RuntimeMetrics(options.metricsTimes);
  const components = new Map<string, ComponentState>();
  const usage = new UsageSources(metrics, () => components.values(), cpuOf);
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
    recording: { isOn: begin === "now" || pipeline !== undefined },
    recorder: keepsRequests ? new RequestRecorder() : undefined,
    ids: new RandomTraceIds(),
    sampler: createSampler(otlp.sampler, otlp.ratio),
    isPropagating: otlp.isPropagating,
    lineRate,
    spans: pipeline?.spans,
    logs: pipeline?.logs,
    guestMetrics: pipeline?.guestMetrics,
  };
  return new RecordingTelemetry(shared, { components, usage, pipeline, options });
}

interface RecordingParts {
  /** By app and id. */
  readonly components: Map<string, ComponentState>;
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
  readonly #timer: NodeJS.Timeout;
  #closed: Promise<void> | undefined;

  constructor(shared: SharedRecording, parts: RecordingParts) {
    this.#shared = shared;
    this.#parts = parts;
    this.isTracing = shared.spans !== undefined || shared.recorder !== undefined;
    this.#timer = setInterval(() => this.#tellDroppedLines(), droppedLinesEveryMs);
    this.#timer.unref();
  }

  get metrics(): RuntimeMetrics {
    return this.#shared.metrics;
  }

  get requestLog(): RequestLog {
    return this.#shared.requestLog;
  }

  get recorder(): RequestRecorder | undefined {
    return this.#shared.recorder;
  }

  record(): void {
    this.#shared.recording.isOn = true;
  }

  handler(identity: HandlerIdentity): HandlerTelemetry {
    return new RecordedHandler(identity, this.#shared, this.#component(identity));
  }

  lines(component: Pick<HandlerIdentity, "app" | "component">): LineGate {
    return new GuestLines(component, this.#shared, this.#component(component));
  }

  observe(source: () => Iterable<ComponentUsage>): Disposable {
    return this.#parts.usage.add(source);
  }

  forget(app: string): void {
    this.#shared.metrics.forget(app);
    this.#shared.recorder?.forget(app);
    const { components } = this.#parts;
    for (const [key, state] of components) if (state.app === app) components.delete(key);
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

  #component(named: Pick<HandlerIdentity, "app" | "component">): ComponentState {
    const key = `${named.app}\0${named.component}`;
    return this.#parts.components.getOrInsertComputed(key, () =>
      componentState(named, this.#shared),
    );
  }

  #tellDroppedLines(): void {
    for (const { component, lines } of this.#parts.components.values()) {
      const dropped = lines.takeDropped();
      if (dropped > 0) this.#parts.options.onLinesDropped(component, dropped);
    }
  }
}
