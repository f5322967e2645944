import type { AnyFamily, MetricFamily } from "../metrics/metric-family.ts";
import { Histogram } from "../metrics/metric-family.ts";
import type { Counter, Gauge } from "../metrics/metric-family.ts";
import type { ExportedGuestMetrics } from "../record/shared-recording.ts";
import { guestMetric } from "./guest-metrics.ts";
import { guestScope, hostScope, otlpResource } from "./otlp-scope.ts";
import type { Exporting } from "./otlp-spans.ts";
import { guestAttributes, otlpValue, unixNano } from "./otlp-values.ts";
import type { OtlpAttribute } from "./otlp-values.ts";

/** Counts since the process began, each export repeats them: a lost export loses nothing. */
const cumulative = 2;

export interface MetricTimes {
  /** When counting began; milliseconds since 1970. */
  readonly startMs: number;
  readonly nowMs: number;
}

/** ExportMetricsServiceRequest of the host's metrics, in OTLP/JSON's form. */
export function metricsRequest(
  families: readonly AnyFamily[],
  { resource, version }: Exporting,
  times: MetricTimes,
): Readonly<Record<string, unknown>> {
  const metrics = families
    .filter((family) => family.series().length > 0)
    .map((family) => familyMetric(family, times));
  const scopeMetrics = [{ scope: hostScope(version), metrics }];
  return { resourceMetrics: [{ resource: otlpResource(resource), scopeMetrics }] };
}

/** ExportMetricsServiceRequest of what guests have exported. */
export function guestMetricsRequest(
  batch: readonly ExportedGuestMetrics[],
  { resource }: Exporting,
): Readonly<Record<string, unknown>> {
  const own = otlpResource(resource);
  const resourceMetrics = batch.map(({ component, metrics }) => ({
    // What the host says of the process wins over what a guest says of itself.
    resource: { attributes: merged(guestAttributes(metrics.resource.attributes), own.attributes) },
    scopeMetrics: metrics.scopeMetrics.map((each) => ({
      scope: guestScope(component, each.scope),
      metrics: each.metrics.map((metric) => guestMetric(metric)),
    })),
  }));
  return { resourceMetrics };
}

function merged(
  weak: readonly OtlpAttribute[],
  strong: readonly OtlpAttribute[],
): readonly OtlpAttribute[] {
  const keys = new Set(strong.map(({ key }) => key));
  return [...strong, ...weak.filter(({ key }) => !keys.has(key))];
}

function familyMetric(family: AnyFamily, times: MetricTimes): object {
  const { definition, kind } = family;
  const { name, unit } = definition.otel;
  const head = { name, description: definition.help, unit };
  const dataPoints = family.series().map(({ labelValues, value }) => ({
    startTimeUnixNano: unixNano(times.startMs),
    timeUnixNano: unixNano(times.nowMs),
    attributes: attributesOf(family, labelValues),
    ...pointOf(value),
  }));
  switch (kind) {
    case "gauge":
      return { ...head, gauge: { dataPoints } };
    case "counter":
      return {
        ...head,
        sum: { dataPoints, aggregationTemporality: cumulative, isMonotonic: true },
      };
    case "histogram":
      return { ...head, histogram: { dataPoints, aggregationTemporality: cumulative } };
  }
}

function attributesOf(
  { definition }: MetricFamily<Counter | Gauge | Histogram> | AnyFamily,
  labelValues: readonly string[],
): OtlpAttribute[] {
  return definition.otel.attributes.flatMap((key, index) => {
    const text = labelValues[index] ?? "";
    if (text === "") return [];
    const isStatus = key === "http.response.status_code" && /^\d+$/.test(text);
    return [{ key, value: otlpValue(isStatus ? Number(text) : text) }];
  });
}

function pointOf(value: Counter | Gauge | Histogram): object {
  if (value instanceof Histogram) {
    return {
      count: String(value.count),
      sum: value.sum,
      bucketCounts: value.counts.map(String),
      explicitBounds: value.bounds,
    };
  }
  const { value: number } = value;
  return Number.isSafeInteger(number) ? { asInt: String(number) } : { asDouble: number };
}
