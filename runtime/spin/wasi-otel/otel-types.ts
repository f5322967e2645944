/** Records of wasi:otel@0.2.0-rc.2, in their JavaScript form. */
export interface KeyValue {
  readonly key: string;
  /** JSON. */
  readonly value: string;
}

export interface InstrumentationScope {
  readonly name: string;
  readonly version: string | undefined;
  readonly schemaUrl: string | undefined;
  readonly attributes: readonly KeyValue[];
}

export interface OtelResource {
  readonly attributes: readonly KeyValue[];
  readonly schemaUrl: string | undefined;
}

export interface Datetime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

export interface SpanContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly traceFlags: { readonly sampled: boolean };
  readonly isRemote: boolean;
  readonly traceState: readonly (readonly [string, string])[];
}

export interface SpanData {
  readonly spanContext: SpanContext;
  readonly parentSpanId: string;
  readonly spanKind: "client" | "server" | "producer" | "consumer" | "internal";
  readonly name: string;
  readonly startTime: Datetime;
  readonly endTime: Datetime;
  readonly attributes: readonly KeyValue[];
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  readonly status:
    | { readonly tag: "unset" | "ok"; readonly val?: undefined }
    | { readonly tag: "error"; readonly val: string };
  readonly instrumentationScope: InstrumentationScope;
  readonly droppedAttributes: number;
  readonly droppedEvents: number;
  readonly droppedLinks: number;
}

export interface SpanEvent {
  readonly name: string;
  readonly time: Datetime;
  readonly attributes: readonly KeyValue[];
}

export interface SpanLink {
  readonly spanContext: SpanContext;
  readonly attributes: readonly KeyValue[];
}

export type MetricNumber =
  | { readonly tag: "f64"; readonly val: number }
  | { readonly tag: "s64" | "u64"; readonly val: bigint };

export interface ResourceMetrics {
  readonly resource: OtelResource;
  readonly scopeMetrics: readonly {
    readonly scope: InstrumentationScope;
    readonly metrics: readonly Metric[];
  }[];
}

export interface Metric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly data: MetricData;
}

type NumberKind = "f64" | "u64" | "s64";

export type MetricData =
  | { readonly tag: `${NumberKind}-gauge`; readonly val: Gauge }
  | { readonly tag: `${NumberKind}-sum`; readonly val: Sum }
  | { readonly tag: `${NumberKind}-histogram`; readonly val: Histogram }
  | { readonly tag: `${NumberKind}-exponential-histogram`; readonly val: ExponentialHistogram };

export interface Gauge {
  readonly dataPoints: readonly DataPoint[];
  readonly startTime: Datetime | undefined;
  readonly time: Datetime;
}

export interface DataPoint {
  readonly attributes: readonly KeyValue[];
  readonly value: MetricNumber;
  readonly exemplars: readonly Exemplar[];
}

interface Aggregation {
  readonly startTime: Datetime;
  readonly time: Datetime;
  readonly temporality: "cumulative" | "delta" | "low-memory";
}

export interface Sum extends Aggregation {
  readonly dataPoints: readonly DataPoint[];
  readonly isMonotonic: boolean;
}

interface Distribution {
  readonly attributes: readonly KeyValue[];
  readonly count: bigint;
  readonly min: MetricNumber | undefined;
  readonly max: MetricNumber | undefined;
  readonly sum: MetricNumber;
  readonly exemplars: readonly Exemplar[];
}

export interface Histogram extends Aggregation {
  readonly dataPoints: readonly (Distribution & {
    readonly bounds: readonly number[];
    readonly bucketCounts: readonly bigint[];
  })[];
}

interface ExponentialBucket {
  readonly offset: number;
  readonly counts: readonly bigint[];
}

export interface ExponentialHistogram extends Aggregation {
  readonly dataPoints: readonly (Distribution & {
    readonly scale: number;
    readonly zeroCount: bigint;
    readonly positiveBucket: ExponentialBucket;
    readonly negativeBucket: ExponentialBucket;
    readonly zeroThreshold: number;
  })[];
}

export interface Exemplar {
  readonly filteredAttributes: readonly KeyValue[];
  readonly time: Datetime;
  readonly value: MetricNumber;
  readonly spanId: string;
  readonly traceId: string;
}

export interface LogRecord {
  readonly timestamp: Datetime | undefined;
  readonly observedTimestamp: Datetime | undefined;
  readonly severityText: string | undefined;
  readonly severityNumber: number | undefined;
  readonly body: string | undefined;
  readonly attributes: readonly KeyValue[] | undefined;
  readonly eventName: string | undefined;
  readonly resource: OtelResource | undefined;
  readonly instrumentationScope: InstrumentationScope | undefined;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly traceFlags: { readonly sampled: boolean } | undefined;
}
