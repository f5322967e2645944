import type { Gauge } from "../metrics/metric-family.ts";
import type { RuntimeMetrics } from "../metrics/runtime-metrics.ts";
import type { ComponentUsage } from "../telemetry.ts";
import type { ComponentState } from "./recorded-handler.ts";

/** Whose processor time the guests share: that of all threads, or of the one that runs them. */
export type CpuScope = "process" | "thread";

/** Memory, instances and processor time, asked for when somebody looks. */
export class UsageSources {
  readonly #metrics: RuntimeMetrics;
  readonly #sources = new Set<() => Iterable<ComponentUsage>>();
  readonly #cpu: CpuShares;

  constructor(
    metrics: RuntimeMetrics,
    components: () => Iterable<ComponentState>,
    cpuOf: CpuScope,
  ) {
    this.#metrics = metrics;
    this.#cpu = new CpuShares(metrics, components, cpuOf);
  }

  add(source: () => Iterable<ComponentUsage>): Disposable {
    this.#sources.add(source);
    return {
      [Symbol.dispose]: () => {
        this.#sources.delete(source);
        this.#set(source, 0);
      },
    };
  }

  collect(): void {
    this.#cpu.collect();
    for (const source of this.#sources) this.#set(source, 1);
  }

  /** `factor` 0: what the source told of is not there any more. */
  #set(source: () => Iterable<ComponentUsage>, factor: 0 | 1): void {
    const { memory, memoryLimit, instances } = this.#metrics;
    for (const { app, component, ...usage } of source()) {
      set(memory.with(app, component), usage.memoryBytes, factor);
      set(memoryLimit.with(app, component), usage.memoryLimitBytes, factor);
      set(instances.with(app, component, "busy"), usage.busyInstances, factor);
      set(instances.with(app, component, "idle"), usage.idleInstances, factor);
    }
  }
}

/**
 * Guests share threads, and the system counts by thread. So what the process, or their thread, has
 * used is shared out by how long each component's guests were at work.
 */
class CpuShares {
  readonly #metrics: RuntimeMetrics;
  readonly #components: () => Iterable<ComponentState>;
  readonly #counted = new WeakMap<ComponentState, number>();
  readonly #cpuOf: CpuScope;
  #usedSeconds: number;

  constructor(
    metrics: RuntimeMetrics,
    components: () => Iterable<ComponentState>,
    cpuOf: CpuScope,
  ) {
    this.#metrics = metrics;
    this.#components = components;
    this.#cpuOf = cpuOf;
    this.#usedSeconds = usedSeconds(cpuOf);
  }

  collect(): void {
    const used = usedSeconds(this.#cpuOf);
    const components = [...this.#components()];
    const busy = components.map((each) => each.busyMs - (this.#counted.get(each) ?? 0));
    const total = busy.reduce((sum, ms) => sum + ms, 0);
    // Nobody has finished anything: it is told when somebody has.
    if (total <= 0) return;
    for (const [index, each] of components.entries()) {
      const share = (busy[index] ?? 0) / total;
      this.#counted.set(each, each.busyMs);
      this.#metrics.cpu.with(each.app, each.component).add(share * (used - this.#usedSeconds));
    }
    this.#usedSeconds = used;
  }
}

function set(gauge: Gauge, value: number | undefined, factor: 0 | 1): void {
  if (value !== undefined) gauge.set(value * factor);
}

function usedSeconds(of: CpuScope): number {
  const { user, system } = of === "thread" ? process.threadCpuUsage() : process.cpuUsage();
  return (user + system) / 1_000_000;
}
