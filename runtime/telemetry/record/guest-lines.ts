import type { LineLimiter } from "../line-limiter.ts";
import type { RuntimeMetrics } from "../metrics/runtime-metrics.ts";
import type { HandlerIdentity, LineGate } from "../telemetry.ts";
import type { ComponentState } from "./recorded-handler.ts";
import type { SharedRecording } from "./shared-recording.ts";

/** Lines of a component that belong to no request, or to one that is not recorded. */
export class GuestLines implements LineGate {
  readonly #component: string;
  readonly #lines: LineLimiter;
  readonly #shared: SharedRecording;
  readonly #counters: {
    readonly stdout: ReturnType<RuntimeMetrics["lines"]["with"]>;
    readonly stderr: ReturnType<RuntimeMetrics["lines"]["with"]>;
    readonly dropped: ReturnType<RuntimeMetrics["linesDropped"]["with"]>;
  };

  constructor(
    { app, component }: Pick<HandlerIdentity, "app" | "component">,
    shared: SharedRecording,
    { lines }: Pick<ComponentState, "lines">,
  ) {
    const { metrics } = shared;
    this.#component = component;
    this.#lines = lines;
    this.#shared = shared;
    this.#counters = {
      stdout: metrics.lines.with(app, component, "stdout"),
      stderr: metrics.lines.with(app, component, "stderr"),
      dropped: metrics.linesDropped.with(app, component),
    };
  }

  line(stream: "stdout" | "stderr", text: string): boolean {
    this.#counters[stream].add();
    if (!this.#lines.take(performance.now())) {
      this.#counters.dropped.add();
      return false;
    }
    const { logs } = this.#shared;
    const component = this.#component;
    if (logs === undefined) return true;
    const line = { timeMs: Date.now(), component, stream, text, traceId: "", spanId: "" };
    logs.push({ from: "line", line });
    return true;
  }
}
