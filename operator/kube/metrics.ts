import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { RestObserver } from "./api-sender.ts";
import type { Clock } from "./clock.ts";
import type { LeaderObserver } from "./leader-elector.ts";
import type { QueueObserver } from "./work-queue.ts";

/** How a reconcile ended, as controller-runtime names it. */
export type ReconcileOutcome = "success" | "error" | "requeue" | "requeue_after";

/** What is told of a controller. */
export interface ReconcileObserver {
  concurrency(workers: number): void;
  active(change: 1 | -1): void;
  reconciled(outcome: ReconcileOutcome, seconds: number): void;
  /** The error will not go away by trying again. */
  terminal(): void;
  timedOut(): void;
}

const reconcileBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1,
  1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
const queueBuckets = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1000];
const requestBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** A queue whose running work is looked at when metrics are read. */
export interface WatchedQueue {
  readonly working: ReadonlyMap<string, number>;
}

/** Metrics with controller-runtime's and client-go's names, so that their dashboards fit. */
export class OperatorMetrics {
  readonly registry: Registry;
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();

  constructor(registry: Registry = new Registry()) {
    this.registry = registry;
    collectDefaultMetrics({ register: registry });
  }

  /** For KubeClient. */
  rest(): RestObserver {
    const requests = this.#counter(
      "rest_client_requests_total",
      "Number of HTTP requests, partitioned by status code, method, and host.",
      ["code", "method", "host"],
    );
    const seconds = this.#histogram(
      "rest_client_request_duration_seconds",
      "Request latency in seconds, by verb and host.",
      { labels: ["verb", "host"], buckets: requestBuckets },
    );
    const retries = this.#counter(
      "rest_client_request_retries_total",
      "Number of request retries, by status code, verb, and host.",
      ["code", "verb", "host"],
    );
    return {
      requested: (code, method, host, duration) => {
        requests.inc({ code, method, host });
        seconds.observe({ verb: method, host }, duration);
      },
      retried: (code, verb, host) => retries.inc({ code, verb, host }),
    };
  }

  /** For LeaderElector; `name` is that of the Lease. */
  leader(name: string): LeaderObserver {
    const status = this.#gauge(
      "leader_election_master_status",
      "Whether this process leads: 0 or 1.",
      ["name"],
    );
    const slow = this.#counter(
      "leader_election_slowpath_total",
      "Renewals of the Lease that needed a read first.",
      ["name"],
    );
    return {
      leading: (leads) => status.set({ name }, leads ? 1 : 0),
      slowPath: () => slow.inc({ name }),
    };
  }

  /** For WorkQueue. */
  queue(name: string): QueueObserver {
    const labels = { name, controller: name };
    const names = ["name", "controller"];
    const depth = this.#gauge("workqueue_depth", "Keys that wait.", [...names, "priority"]);
    const adds = this.#counter("workqueue_adds_total", "Keys that were added.", names);
    const retries = this.#counter("workqueue_retries_total", "Keys added after a failure.", names);
    const waits = this.#histogram("workqueue_queue_duration_seconds", "How long keys wait.", {
      labels: names,
      buckets: queueBuckets,
    });
    const works = this.#histogram("workqueue_work_duration_seconds", "How long keys take.", {
      labels: names,
      buckets: queueBuckets,
    });
    return {
      added: (priority) => {
        adds.inc(labels);
        depth.inc({ ...labels, priority });
      },
      taken: (priority, seconds) => {
        depth.dec({ ...labels, priority });
        waits.observe(labels, seconds);
      },
      done: (seconds) => works.observe(labels, seconds),
      retried: () => retries.inc(labels),
      raised: (from, to) => {
        depth.dec({ ...labels, priority: from });
        depth.inc({ ...labels, priority: to });
      },
    };
  }

  /** Metrics of running work, taken from the queue whenever they are read. */
  watchQueue(name: string, queue: WatchedQueue, clock: Clock): void {
    const labels = { name, controller: name };
    const names = ["name", "controller"];
    const ages = (): number[] => [...queue.working.values()].map((ms) => (clock.now() - ms) / 1000);
    this.#computed("workqueue_unfinished_work_seconds", names, (gauge) => {
      gauge.set(
        labels,
        ages().reduce((sum, age) => sum + age, 0),
      );
    });
    this.#computed("workqueue_longest_running_processor_seconds", names, (gauge) => {
      gauge.set(labels, Math.max(0, ...ages()));
    });
  }

  /** For Controller. */
  reconcile(controller: string): ReconcileObserver {
    const prefix = "controller_runtime";
    const names = ["controller"];
    const counter = (name: string, help: string): Counter =>
      this.#counter(`${prefix}_${name}`, help, names);
    const total = this.#counter(`${prefix}_reconcile_total`, "Reconciles, by result.", [
      "controller",
      "result",
    ]);
    const errors = counter("reconcile_errors_total", "Reconciles that failed.");
    const terminal = counter("terminal_reconcile_errors_total", "Failures that are not retried.");
    const timeouts = counter("reconcile_timeouts_total", "Reconciles that took too long.");
    const panics = counter("reconcile_panics_total", "Always 0: an exception is an error.");
    panics.inc({ controller }, 0);
    const seconds = this.#histogram(`${prefix}_reconcile_time_seconds`, "Time per reconcile.", {
      labels: names,
      buckets: reconcileBuckets,
    });
    const most = this.#gauge(`${prefix}_max_concurrent_reconciles`, "Workers.", names);
    const active = this.#gauge(`${prefix}_active_workers`, "Workers that are busy.", names);
    return {
      concurrency: (workers) => most.set({ controller }, workers),
      active: (change) => active.inc({ controller }, change),
      reconciled: (result, duration) => {
        total.inc({ controller, result });
        seconds.observe({ controller }, duration);
        if (result === "error") errors.inc({ controller });
      },
      terminal: () => terminal.inc({ controller }),
      timedOut: () => timeouts.inc({ controller }),
    };
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    const made = (): Counter => new Counter({ name, help, labelNames, registers: [this.registry] });
    return once(this.#counters, name, made);
  }

  #gauge(name: string, help: string, labelNames: string[]): Gauge {
    const made = (): Gauge => new Gauge({ name, help, labelNames, registers: [this.registry] });
    return once(this.#gauges, name, made);
  }

  #histogram(
    name: string,
    help: string,
    { labels, buckets }: { labels: string[]; buckets: number[] },
  ): Histogram {
    const registers = [this.registry];
    const made = (): Histogram =>
      new Histogram({ name, help, labelNames: labels, buckets, registers });
    return once(this.#histograms, name, made);
  }

  /** Several queues share a gauge: each adds its own way to fill it. */
  readonly #fillers = new Map<string, ((gauge: Gauge) => void)[]>();

  #computed(name: string, labelNames: string[], fill: (gauge: Gauge) => void): void {
    const fillers = this.#fillers.get(name);
    if (fillers !== undefined) {
      fillers.push(fill);
      return;
    }
    const all = [fill];
    this.#fillers.set(name, all);
    const gauge: Gauge = new Gauge({
      name,
      help: "Of the keys that are being worked on.",
      labelNames,
      registers: [this.registry],
      collect: () => {
        for (const one of all) one(gauge);
      },
    });
  }
}

function once<T>(made: Map<string, T>, name: string, make: () => T): T {
  const found = made.get(name);
  if (found !== undefined) return found;
  const fresh = make();
  made.set(name, fresh);
  return fresh;
}
