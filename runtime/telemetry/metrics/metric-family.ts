/** What every series of one metric has in common. */
export interface MetricDefinition {
  /** Prometheus name: with its unit, counters with `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** For OpenTelemetry: name, unit (UCUM) and attribute names in the order of `labels`. */
  readonly otel: {
    readonly name: string;
    readonly unit: string;
    readonly attributes: readonly string[];
  };
}

/** A count that only grows. */
export class Counter {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }
}

/** A value that goes up and down. */
export class Gauge {
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  add(amount: number): void {
    this.value += amount;
  }
}

/** A distribution over fixed buckets, in seconds. */
export class Histogram {
  readonly bounds: readonly number[];
  /** One more than `bounds`: the last one is open. Not cumulative. */
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? 0)) index++;
    counts[index] = (counts[index] ?? 0) + 1;
    this.sum += value;
    this.count++;
  }
}

/** One series: the values of its labels, and what was counted. */
export interface Series<T> {
  readonly labelValues: readonly string[];
  readonly value: T;
}

/** Label value of the series in which everything beyond the bound is counted. */
export const overflowLabel = "_overflow";

/**
 * The series of one metric, by their labels. Not more than `seriesMax` of them: what is beyond is
 * counted in one series whose labels all are {@link overflowLabel}.
 */
export class MetricFamily<T extends Counter | Gauge | Histogram> {
  readonly definition: MetricDefinition;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly #create: () => T;
  #seriesMax: number;
  readonly #series = new Map<string, Series<T>>();
  #overflow: Series<T> | undefined;

  constructor(
    definition: MetricDefinition,
    kind: MetricFamily<T>["kind"],
    options: { readonly create: () => T; readonly seriesMax: number },
  ) {
    this.definition = definition;
    this.kind = kind;
    this.#create = options.create;
    this.#seriesMax = options.seriesMax;
  }

  /** The series with these label values, in the order of the definition; made if need be. */
  with(...labelValues: readonly string[]): T {
    const key = labelValues.join("\0");
    const found = this.#series.get(key);
    if (found !== undefined) return found.value;
    if (this.#series.size >= this.#seriesMax) return this.#overflowing();
    const series = { labelValues, value: this.#create() };
    this.#series.set(key, series);
    return series.value;
  }

  series(): Series<T>[] {
    const all = [...this.#series.values()];
    return this.#overflow === undefined ? all : [...all, this.#overflow];
  }

  /** Allows so many times as many series. */
  widen(times: number): void {
    this.#seriesMax *= times;
  }

  /** Removes the series with this value of a label; who holds one counts for nobody from now on. */
  forget(label: string, value: string): void {
    const index = this.definition.labels.indexOf(label);
    if (index === -1) return;
    for (const [key, { labelValues }] of this.#series) {
      if (labelValues[index] === value) this.#series.delete(key);
    }
  }

  clear(): void {
    this.#series.clear();
    this.#overflow = undefined;
  }

  #overflowing(): T {
    this.#overflow ??= {
      labelValues: this.definition.labels.map(() => overflowLabel),
      value: this.#create(),
    };
    return this.#overflow.value;
  }
}

export type AnyFamily = MetricFamily<Counter> | MetricFamily<Gauge> | MetricFamily<Histogram>;
