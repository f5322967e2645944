/**
 * What guests hand over through wasi:otel@0.2.0-rc.2, as far as it is exported. The shapes are those
 * of runtime/spin/wasi-otel, which this room does not know: a value of one is a value of the other.
 */
export interface GuestAttribute {
  readonly key: string;
  /** JSON. */
  readonly value: string;
}

export interface GuestTime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

export interface GuestScope {
  readonly name: string;
  readonly version: string | undefined;
  readonly schemaUrl: string | undefined;
  readonly attributes: readonly GuestAttribute[];
}

export interface GuestSpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: { readonly sampled: boolean };
  readonly isRemote: boolean;
  readonly traceState: readonly (readonly [string, string])[];
}

export interface GuestSpan {
  readonly spanContext: GuestSpanContext;
  readonly parentSpanId: string;
  readonly spanKind: "client" | "server" | "producer" | "consumer" | "internal";
  readonly name: string;
  readonly startTime: GuestTime;
  readonly endTime: GuestTime;
  readonly attributes: readonly GuestAttribute[];
  readonly events: readonly {
    readonly name: string;
    readonly time: GuestTime;
    readonly attributes: readonly GuestAttribute[];
  }[];
  readonly links: readonly {
    readonly spanContext: GuestSpanContext;
    readonly attributes: readonly GuestAttribute[];
  }[];
  readonly status:
    | { readonly tag: "unset" | "ok"; readonly val?: undefined }
    | { readonly tag: "error"; readonly val: string };
  readonly instrumentationScope: GuestScope;
  readonly droppedAttributes: number;
  readonly droppedEvents: number;
  readonly droppedLinks: number;
}

export interface GuestLog {
  readonly timestamp: GuestTime | undefined;
  readonly observedTimestamp: GuestTime | undefined;
  readonly severityText: string | undefined;
  readonly severityNumber: number | undefined;
  readonly body: string | undefined;
  readonly attributes: readonly GuestAttribute[] | undefined;
  readonly eventName: string | undefined;
  readonly instrumentationScope: GuestScope | undefined;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly traceFlags: { readonly sampled: boolean } | undefined;
}

export type GuestNumber =
  | { readonly tag: "f64"; readonly val: number }
  | { readonly tag: "s64" | "u64"; readonly val: bigint };

export interface GuestDataPoint {
  readonly attributes: readonly GuestAttribute[];
  readonly value: GuestNumber;
}

interface GuestDistribution {
  readonly attributes: readonly GuestAttribute[];
  readonly count: bigint;
  readonly min: GuestNumber | undefined;
  readonly max: GuestNumber | undefined;
  readonly sum: GuestNumber;
}

export interface GuestHistogramPoint extends GuestDistribution {
  readonly bounds: readonly number[];
  readonly bucketCounts: readonly bigint[];
}

export interface GuestExponentialPoint extends GuestDistribution {
  readonly scale: number;
  readonly zeroCount: bigint;
  readonly positiveBucket: { readonly offset: number; readonly counts: readonly bigint[] };
  readonly negativeBucket: { readonly offset: number; readonly counts: readonly bigint[] };
  readonly zeroThreshold: number;
}

interface GuestAggregation {
  readonly startTime: GuestTime;
  readonly time: GuestTime;
  readonly temporality: "cumulative" | "delta" | "low-memory";
}

type NumberKind = "f64" | "u64" | "s64";

export type GuestMetricData =
  | {
      readonly tag: `${NumberKind}-gauge`;
      readonly val: {
        readonly dataPoints: readonly GuestDataPoint[];
        readonly startTime: GuestTime | undefined;
        readonly time: GuestTime;
      };
    }
  | {
      readonly tag: `${NumberKind}-sum`;
      readonly val: GuestAggregation & {
        readonly dataPoints: readonly GuestDataPoint[];
        readonly isMonotonic: boolean;
      };
    }
  | {
      readonly tag: `${NumberKind}-histogram`;
      readonly val: GuestAggregation & { readonly dataPoints: readonly GuestHistogramPoint[] };
    }
  | {
      readonly tag: `${NumberKind}-exponential-histogram`;
      readonly val: GuestAggregation & { readonly dataPoints: readonly GuestExponentialPoint[] };
    };

export interface GuestMetrics {
  readonly resource: {
    readonly attributes: readonly GuestAttribute[];
    readonly schemaUrl: string | undefined;
  };
  readonly scopeMetrics: readonly {
    readonly scope: GuestScope;
    readonly metrics: readonly {
      readonly name: string;
      readonly description: string;
      readonly unit: string;
      readonly data: GuestMetricData;
    }[];
  }[];
}
