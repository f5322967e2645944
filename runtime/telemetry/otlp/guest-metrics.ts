import type {
  GuestDataPoint,
  GuestMetricData,
  GuestMetrics,
  GuestNumber,
  GuestTime,
} from "../guest-telemetry.ts";
import { boundedText, guestAttributes, guestNano } from "./otlp-values.ts";

type GuestMetric = GuestMetrics["scopeMetrics"][number]["metrics"][number];

const temporalities = { delta: 1, cumulative: 2, "low-memory": 1 } as const;

/** One metric of a guest in OTLP/JSON's form. */
export function guestMetric({ name, description, unit, data }: GuestMetric): object {
  const head = {
    name: boundedText(name),
    description: boundedText(description),
    unit: boundedText(unit),
  };
  return { ...head, ...dataOf(data) };
}

/** Data points of one export, over all metrics. */
export function countDataPoints(metrics: GuestMetrics): number {
  return metrics.scopeMetrics.reduce(
    (sum, scope) =>
      sum + scope.metrics.reduce((inner, { data }) => inner + data.val.dataPoints.length, 0),
    0,
  );
}

function dataOf(data: GuestMetricData): object {
  switch (data.tag) {
    case "f64-gauge":
    case "u64-gauge":
    case "s64-gauge": {
      const { startTime, time, dataPoints } = data.val;
      return {
        gauge: { dataPoints: dataPoints.map((point) => numberPoint(point, startTime, time)) },
      };
    }
    case "f64-sum":
    case "u64-sum":
    case "s64-sum": {
      const { startTime, time, temporality, isMonotonic, dataPoints } = data.val;
      return {
        sum: {
          dataPoints: dataPoints.map((point) => numberPoint(point, startTime, time)),
          aggregationTemporality: temporalities[temporality],
          isMonotonic,
        },
      };
    }
    default:
      return distributionOf(data);
  }
}

type Distribution = Exclude<GuestMetricData, { readonly tag: `${string}-gauge` | `${string}-sum` }>;

function distributionOf(data: Distribution): object {
  const { startTime, time, temporality } = data.val;
  const times = { startTimeUnixNano: guestNano(startTime), timeUnixNano: guestNano(time) };
  const aggregationTemporality = temporalities[temporality];
  switch (data.tag) {
    case "f64-histogram":
    case "u64-histogram":
    case "s64-histogram": {
      const dataPoints = data.val.dataPoints.map((point) => ({
        ...times,
        ...common(point),
        bucketCounts: point.bucketCounts.map(String),
        explicitBounds: point.bounds,
      }));
      return { histogram: { dataPoints, aggregationTemporality } };
    }
    case "f64-exponential-histogram":
    case "u64-exponential-histogram":
    case "s64-exponential-histogram": {
      const dataPoints = data.val.dataPoints.map((point) => ({
        ...times,
        ...common(point),
        scale: point.scale,
        zeroCount: String(point.zeroCount),
        positive: bucketsOf(point.positiveBucket),
        negative: bucketsOf(point.negativeBucket),
        zeroThreshold: point.zeroThreshold,
      }));
      return { exponentialHistogram: { dataPoints, aggregationTemporality } };
    }
  }
}

function common(point: Distribution["val"]["dataPoints"][number]): object {
  const { attributes, count, sum, min, max } = point;
  return {
    attributes: guestAttributes(attributes),
    count: String(count),
    sum: Number(sum.val),
    ...(min === undefined ? {} : { min: Number(min.val) }),
    ...(max === undefined ? {} : { max: Number(max.val) }),
  };
}

function bucketsOf(bucket: {
  readonly offset: number;
  readonly counts: readonly bigint[];
}): object {
  return { offset: bucket.offset, bucketCounts: bucket.counts.map(String) };
}

function numberPoint(
  { attributes, value }: GuestDataPoint,
  start: GuestTime | undefined,
  time: GuestTime,
): object {
  return {
    ...(start === undefined ? {} : { startTimeUnixNano: guestNano(start) }),
    timeUnixNano: guestNano(time),
    attributes: guestAttributes(attributes),
    ...numberOf(value),
  };
}

function numberOf(value: GuestNumber): object {
  if (value.tag === "f64") return { asDouble: value.val };
  // OTLP has signed integers only.
  return value.val < 2n ** 63n ? { asInt: String(value.val) } : { asDouble: Number(value.val) };
}
