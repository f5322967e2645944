import { Registry, collectDefaultMetrics } from "prom-client";
import { Histogram } from "./metric-family.ts";
import type { AnyFamily, Counter, Gauge, Series } from "./metric-family.ts";

/** Writes metrics for Prometheus. */
export interface Exposition {
  readonly contentType: string;
  /** The text of everything as it is now. */
  text(): Promise<string>;
}

export interface ExpositionOptions {
  readonly families: readonly AnyFamily[];
  /** Called before each text: asks for what is not counted as it happens. */
  collect(): void | Promise<void>;
}

/** The families, and what there is to tell of the process (`process_*`, `nodejs_*`). */
export function prometheusExposition({ families, collect }: ExpositionOptions): Exposition {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const family of families) registry.registerMetric(registered(family));
  return {
    contentType: registry.contentType,
    text: async () => {
      await collect();
      return await registry.metrics();
    },
  };
}

type Registered = Parameters<Registry["registerMetric"]>[0];

/**
 * As far as the registry looks at a metric when it writes text. The library's own metrics look
 * their labels up for each value that is counted, which requests would pay for.
 */
function registered(family: AnyFamily): Registered {
  const { name, help } = family.definition;
  const get = (): Promise<object> =>
    Promise.resolve({ name, help, type: family.kind, values: valuesOf(family) });
  return { name, get, reset: () => undefined } as unknown as Registered;
}

interface Value {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

function valuesOf(family: AnyFamily): Value[] {
  const { labels } = family.definition;
  const series: readonly Series<Counter | Gauge | Histogram>[] = family.series();
  return series.flatMap(({ labelValues, value }) => {
    const named = Object.fromEntries(labels.map((label, at) => [label, labelValues[at] ?? ""]));
    if (value instanceof Histogram) return histogramValues(family.definition.name, value, named);
    return [{ value: value.value, labels: named }];
  });
}

function histogramValues(
  name: string,
  { bounds, counts, sum, count }: Histogram,
  labels: Readonly<Record<string, string>>,
): Value[] {
  let cumulative = 0;
  const buckets = bounds.map((le, at) => {
    cumulative += counts[at] ?? 0;
    return { value: cumulative, labels: { ...labels, le }, metricName: `${name}_bucket` };
  });
  return [
    ...buckets,
    { value: count, labels: { ...labels, le: "+Inf" }, metricName: `${name}_bucket` },
    { value: sum, labels, metricName: `${name}_sum` },
    { value: count, labels, metricName: `${name}_count` },
  ];
}
