import { limits } from "../../limits.ts";
import { Counter, Gauge, Histogram, MetricFamily } from "./metric-family.ts";
import type { AnyFamily, MetricDefinition } from "./metric-family.ts";

/** Seconds; from a guest that does next to nothing to one that computes. */
export const requestBounds: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Seconds; what the host does around a guest. */
export const instanceBounds: readonly number[] = [
  0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1,
];

/** Seconds; how long an event waits. */
export const lagBounds: readonly number[] = [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 3600];

const ofComponent = ["app", "component"] as const;
const ofTrigger = [...ofComponent, "trigger"] as const;

/** OpenTelemetry's names of the labels. */
const attributeNames: Readonly<Record<string, string>> = {
  app: "app_id",
  component: "component_id",
  trigger: "trigger_type",
  route: "http.route",
  method: "http.request.method",
  status: "http.response.status_code",
  error: "error.type",
  start: "whorl.instance.start",
  limit: "whorl.limit",
  host: "server.address",
  outcome: "whorl.outcome",
  stream: "log.iostream",
  signal: "whorl.signal",
  reason: "whorl.reason",
  state: "whorl.instance.state",
};

interface Shape {
  readonly labels: readonly string[];
  readonly otelName: string;
  readonly unit?: string;
}

function definition(name: string, help: string, shape: Shape): MetricDefinition {
  const { labels, otelName, unit = "1" } = shape;
  const attributes = labels.map((label) => attributeNames[label] ?? label);
  return { name, help, labels, otel: { name: otelName, unit, attributes } };
}

/** Every metric of the runtime. Names and labels are a contract: dashboards and alerts use them. */
export class RuntimeMetrics {
  readonly requests = counter("whorl_requests_total", "Requests and events that guests handled.", {
    labels: [...ofTrigger, "route", "method", "status"],
    otelName: "whorl.requests",
  });
  /** Spin's name; the same events as `requests`. */
  readonly spinRequests = counter("spin_request_count_total", "Calls of guests, as Spin counts.", {
    labels: ofTrigger,
    otelName: "spin.request_count",
  });
  readonly errors = counter(
    "whorl_request_errors_total",
    "Requests and events that failed: the guest's fault (trap, ...) or an answer 5xx (response).",
    { labels: [...ofTrigger, "error"], otelName: "whorl.request.errors" },
  );
  readonly duration = histogram(
    "whorl_request_duration_seconds",
    "From the arrival of a request to the end of its answer.",
    {
      shape: { labels: ofTrigger, otelName: "whorl.request.duration", unit: "s" },
      bounds: requestBounds,
    },
  );
  readonly inFlight = gauge("whorl_requests_in_flight", "Requests that are being answered.", {
    labels: ofComponent,
    otelName: "whorl.requests.in_flight",
  });
  readonly queue = histogram(
    "whorl_request_queue_seconds",
    "From the arrival of a request until an instance was asked for.",
    {
      shape: { labels: ofComponent, otelName: "whorl.request.queue", unit: "s" },
      bounds: instanceBounds,
    },
  );
  readonly coldStarts = counter(
    "whorl_cold_starts_total",
    "Requests whose instance had to be made from the modules, or was the first of its component.",
    { labels: ofComponent, otelName: "whorl.cold_starts" },
  );
  readonly instancesTaken = counter(
    "whorl_instances_taken_total",
    "Instances given to requests: cold, fresh (from a snapshot), reset or shared.",
    { labels: [...ofComponent, "start"], otelName: "whorl.instances.taken" },
  );
  readonly take = histogram(
    "whorl_instance_take_seconds",
    "How long it took to have an instance.",
    {
      shape: {
        labels: [...ofComponent, "start"],
        otelName: "whorl.instance.take",
        unit: "s",
      },
      bounds: instanceBounds,
    },
  );
  readonly reset = histogram(
    "whorl_instance_reset_seconds",
    "How long it took to end an instance, or to put it back.",
    {
      shape: { labels: ofComponent, otelName: "whorl.instance.reset", unit: "s" },
      bounds: instanceBounds,
    },
  );
  readonly resets = counter(
    "whorl_instance_resets_total",
    "Requests that got an instance which was put back.",
    {
      labels: ofComponent,
      otelName: "whorl.instance.resets",
    },
  );
  readonly instances = gauge("whorl_instances", "Instances that are there now, busy or idle.", {
    labels: [...ofComponent, "state"],
    otelName: "whorl.instances",
  });
  readonly memory = gauge("whorl_guest_memory_bytes", "Linear memory of the guests.", {
    labels: ofComponent,
    otelName: "whorl.guest.memory",
    unit: "By",
  });
  readonly memoryLimit = gauge("whorl_guest_memory_limit_bytes", "What their memory may be.", {
    labels: ofComponent,
    otelName: "whorl.guest.memory.limit",
    unit: "By",
  });
  readonly cpu = counter("whorl_guest_cpu_seconds_total", "Processor time of the guests.", {
    labels: ofComponent,
    otelName: "whorl.guest.cpu.time",
    unit: "s",
  });
  readonly limitHits = counter("whorl_limit_hits_total", "Bounds that requests ran into.", {
    labels: [...ofComponent, "limit"],
    otelName: "whorl.limit.hits",
  });
  readonly lag = histogram(
    "whorl_trigger_lag_seconds",
    "From the time of an event (message sent, point in time) until its component was called.",
    { shape: { labels: ofTrigger, otelName: "whorl.trigger.lag", unit: "s" }, bounds: lagBounds },
  );
  readonly backlog = gauge("whorl_trigger_backlog", "Events that wait for their turn.", {
    labels: ofTrigger,
    otelName: "whorl.trigger.backlog",
  });
  readonly eventsDropped = counter("whorl_trigger_events_dropped_total", "Events not handled.", {
    labels: ofTrigger,
    otelName: "whorl.trigger.events.dropped",
  });
  readonly outbound = counter("whorl_outbound_requests_total", "HTTP requests of guests.", {
    labels: [...ofComponent, "host", "outcome"],
    otelName: "whorl.outbound.requests",
  });
  readonly outboundDuration = histogram(
    "whorl_outbound_request_duration_seconds",
    "From an outgoing request to the head of its answer.",
    {
      shape: { labels: ofComponent, otelName: "whorl.outbound.duration", unit: "s" },
      bounds: requestBounds,
    },
  );
  readonly lines = counter("whorl_guest_lines_total", "Lines that guests wrote.", {
    labels: [...ofComponent, "stream"],
    otelName: "whorl.guest.lines",
  });
  readonly linesDropped = counter(
    "whorl_guest_lines_dropped_total",
    "Lines beyond the rate limit.",
    {
      labels: ofComponent,
      otelName: "whorl.guest.lines.dropped",
    },
  );
  readonly telemetryItems = counter(
    "whorl_telemetry_items_total",
    "Spans, log records and metric exports that the collector took.",
    { labels: ["signal"], otelName: "whorl.telemetry.items" },
  );
  readonly telemetryDropped = counter(
    "whorl_telemetry_dropped_total",
    "Spans, log records and metric exports that were lost: queue, collector, shutdown.",
    { labels: ["signal", "reason"], otelName: "whorl.telemetry.dropped" },
  );

  /** `times`: how many times as many series as one app may have. */
  constructor(times = 1) {
    for (const family of this.all()) family.widen(times);
  }

  all(): AnyFamily[] {
    return Object.values(this).filter((each): each is AnyFamily => each instanceof MetricFamily);
  }

  /** Removes everything that was counted for an app: it is not served here any more. */
  forget(app: string): void {
    for (const family of this.all()) family.forget("app", app);
  }

  /** Removes every series. */
  clear(): void {
    for (const family of this.all()) family.clear();
  }
}

function counter(name: string, help: string, shape: Shape): MetricFamily<Counter> {
  return new MetricFamily<Counter>(definition(name, help, shape), "counter", {
    create: () => new Counter(),
    seriesMax: limits.metricSeriesMax,
  });
}

function gauge(name: string, help: string, shape: Shape): MetricFamily<Gauge> {
  return new MetricFamily<Gauge>(definition(name, help, shape), "gauge", {
    create: () => new Gauge(),
    seriesMax: limits.metricSeriesMax,
  });
}

function histogram(
  name: string,
  help: string,
  { shape, bounds }: { readonly shape: Shape; readonly bounds: readonly number[] },
): MetricFamily<Histogram> {
  return new MetricFamily<Histogram>(definition(name, help, shape), "histogram", {
    create: () => new Histogram(bounds),
    // Each of them is a series per bucket.
    seriesMax: Math.floor(limits.metricSeriesMax / (bounds.length + 3)),
  });
}
