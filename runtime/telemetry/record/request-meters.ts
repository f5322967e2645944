import type { Counter, Gauge, Histogram } from "../metrics/metric-family.ts";
import { overflowLabel } from "../metrics/metric-family.ts";
import type { RuntimeMetrics } from "../metrics/runtime-metrics.ts";
import type { HandlerIdentity, InstanceStart } from "../telemetry.ts";
import { limits } from "../../limits.ts";

/** Methods that have a name of their own in metrics; all others are one (OpenTelemetry). */
const knownMethods: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
]);

/** The method as metrics and spans name it. */
export function knownMethod(method: string): string {
  return method === "" || knownMethods.has(method) ? method : "_OTHER";
}

/** The series of one trigger of one component, looked up once instead of for each request. */
export class RequestMeters {
  readonly spinRequests: Counter;
  readonly duration: Histogram;
  readonly inFlight: Gauge;
  readonly queue: Histogram;
  readonly coldStarts: Counter;
  readonly reset: Histogram;
  readonly resets: Counter;
  readonly outboundDuration: Histogram;
  readonly lag: Histogram;
  readonly backlog: Gauge;
  readonly eventsDropped: Counter;
  readonly lines: { readonly stdout: Counter; readonly stderr: Counter };
  readonly linesDropped: Counter;
  readonly #metrics: RuntimeMetrics;
  readonly #identity: HandlerIdentity;
  readonly #answers = new Map<string, Map<number, Counter>>();
  readonly #starts = new Map<InstanceStart, StartMeters>();
  readonly #hosts = new Set<string>();

  constructor(metrics: RuntimeMetrics, identity: HandlerIdentity) {
    const { app, component, trigger } = identity;
    this.#metrics = metrics;
    this.#identity = identity;
    this.spinRequests = metrics.spinRequests.with(app, component, trigger);
    this.duration = metrics.duration.with(app, component, trigger);
    this.inFlight = metrics.inFlight.with(app, component);
    this.queue = metrics.queue.with(app, component);
    this.coldStarts = metrics.coldStarts.with(app, component);
    this.reset = metrics.reset.with(app, component);
    this.resets = metrics.resets.with(app, component);
    this.outboundDuration = metrics.outboundDuration.with(app, component);
    this.lag = metrics.lag.with(app, component, trigger);
    this.backlog = metrics.backlog.with(app, component, trigger);
    this.eventsDropped = metrics.eventsDropped.with(app, component, trigger);
    this.lines = {
      stdout: metrics.lines.with(app, component, "stdout"),
      stderr: metrics.lines.with(app, component, "stderr"),
    };
    this.linesDropped = metrics.linesDropped.with(app, component);
  }

  /** `method` as {@link knownMethod} has it; 0 where nothing was answered. */
  answered(method: string, status: number): Counter {
    let byStatus = this.#answers.get(method);
    if (byStatus === undefined) this.#answers.set(method, (byStatus = new Map()));
    let counter = byStatus.get(status);
    if (counter === undefined) {
      const { app, component, trigger, route } = this.#identity;
      const text = status === 0 ? "none" : String(status);
      counter = this.#metrics.requests.with(app, component, trigger, route, method, text);
      byStatus.set(status, counter);
    }
    return counter;
  }

  failed(error: string): Counter {
    const { app, component, trigger } = this.#identity;
    return this.#metrics.errors.with(app, component, trigger, error);
  }

  limitHit(limit: string): Counter {
    const { app, component } = this.#identity;
    return this.#metrics.limitHits.with(app, component, limit);
  }

  taken(start: InstanceStart): StartMeters {
    let meters = this.#starts.get(start);
    if (meters === undefined) {
      const { app, component } = this.#identity;
      const count = this.#metrics.instancesTaken.with(app, component, start);
      meters = { count, seconds: this.#metrics.take.with(app, component, start) };
      this.#starts.set(start, meters);
    }
    return meters;
  }

  /** Hosts come from guests: only the first ones of a component have their own series. */
  outbound(host: string, outcome: string): Counter {
    const { app, component } = this.#identity;
    if (this.#hosts.size < limits.outboundHostsMax) this.#hosts.add(host);
    const name = this.#hosts.has(host) ? host : overflowLabel;
    return this.#metrics.outbound.with(app, component, name, outcome);
  }
}

interface StartMeters {
  readonly count: Counter;
  readonly seconds: Histogram;
}
