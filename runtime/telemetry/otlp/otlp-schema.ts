/**
 * The messages of OTLP that are sent, as opentelemetry-proto 1.x numbers their fields. One model,
 * plain objects in OTLP/JSON's form, serves both encodings.
 */
export type FieldKind =
  | "string"
  | "bool"
  | "double"
  | "uint32"
  | "sint32"
  | "enum"
  /** 64-bit integers: decimal text, as in JSON. */
  | "fixed64"
  | "sfixed64"
  | "int64"
  | "uint64"
  | "fixed32"
  /** Identifiers: hexadecimal text, as in JSON. */
  | "hex";

export type Field =
  | { readonly number: number; readonly kind: FieldKind; readonly repeated?: "each" | "packed" }
  | { readonly number: number; readonly message: () => Message; readonly repeated?: "each" };

export type Message = Readonly<Record<string, Field>>;

const one = (number: number, kind: FieldKind): Field => ({ number, kind });
const many = (number: number, kind: FieldKind): Field => ({ number, kind, repeated: "packed" });
const part = (number: number, message: () => Message): Field => ({ number, message });
const parts = (number: number, message: () => Message): Field => ({
  number,
  message,
  repeated: "each",
});

const anyValue: Message = {
  stringValue: one(1, "string"),
  boolValue: one(2, "bool"),
  intValue: one(3, "int64"),
  doubleValue: one(4, "double"),
  arrayValue: part(5, () => ({ values: parts(1, () => anyValue) })),
  kvlistValue: part(6, () => ({ values: parts(1, () => keyValue) })),
};

const keyValue: Message = { key: one(1, "string"), value: part(2, () => anyValue) };

const resource: Message = { attributes: parts(1, () => keyValue) };

const scope: Message = {
  name: one(1, "string"),
  version: one(2, "string"),
  attributes: parts(3, () => keyValue),
};

const status: Message = { message: one(2, "string"), code: one(3, "enum") };

const spanEvent: Message = {
  timeUnixNano: one(1, "fixed64"),
  name: one(2, "string"),
  attributes: parts(3, () => keyValue),
};

const spanLink: Message = {
  traceId: one(1, "hex"),
  spanId: one(2, "hex"),
  traceState: one(3, "string"),
  attributes: parts(4, () => keyValue),
};

const span: Message = {
  traceId: one(1, "hex"),
  spanId: one(2, "hex"),
  traceState: one(3, "string"),
  parentSpanId: one(4, "hex"),
  name: one(5, "string"),
  kind: one(6, "enum"),
  startTimeUnixNano: one(7, "fixed64"),
  endTimeUnixNano: one(8, "fixed64"),
  attributes: parts(9, () => keyValue),
  droppedAttributesCount: one(10, "uint32"),
  events: parts(11, () => spanEvent),
  droppedEventsCount: one(12, "uint32"),
  links: parts(13, () => spanLink),
  droppedLinksCount: one(14, "uint32"),
  status: part(15, () => status),
};

const logRecord: Message = {
  timeUnixNano: one(1, "fixed64"),
  severityNumber: one(2, "enum"),
  severityText: one(3, "string"),
  body: part(5, () => anyValue),
  attributes: parts(6, () => keyValue),
  traceId: one(9, "hex"),
  spanId: one(10, "hex"),
  observedTimeUnixNano: one(11, "fixed64"),
  eventName: one(12, "string"),
};

const numberPoint: Message = {
  startTimeUnixNano: one(2, "fixed64"),
  timeUnixNano: one(3, "fixed64"),
  asDouble: one(4, "double"),
  asInt: one(6, "sfixed64"),
  attributes: parts(7, () => keyValue),
};

const histogramPoint: Message = {
  startTimeUnixNano: one(2, "fixed64"),
  timeUnixNano: one(3, "fixed64"),
  count: one(4, "fixed64"),
  sum: one(5, "double"),
  bucketCounts: many(6, "fixed64"),
  explicitBounds: many(7, "double"),
  attributes: parts(9, () => keyValue),
  min: one(11, "double"),
  max: one(12, "double"),
};

const buckets: Message = { offset: one(1, "sint32"), bucketCounts: many(2, "uint64") };

const exponentialPoint: Message = {
  attributes: parts(1, () => keyValue),
  startTimeUnixNano: one(2, "fixed64"),
  timeUnixNano: one(3, "fixed64"),
  count: one(4, "fixed64"),
  sum: one(5, "double"),
  scale: one(6, "sint32"),
  zeroCount: one(7, "fixed64"),
  positive: part(8, () => buckets),
  negative: part(9, () => buckets),
  min: one(12, "double"),
  max: one(13, "double"),
  zeroThreshold: one(14, "double"),
};

const metric: Message = {
  name: one(1, "string"),
  description: one(2, "string"),
  unit: one(3, "string"),
  gauge: part(5, () => ({ dataPoints: parts(1, () => numberPoint) })),
  sum: part(7, () => ({
    dataPoints: parts(1, () => numberPoint),
    aggregationTemporality: one(2, "enum"),
    isMonotonic: one(3, "bool"),
  })),
  histogram: part(9, () => ({
    dataPoints: parts(1, () => histogramPoint),
    aggregationTemporality: one(2, "enum"),
  })),
  exponentialHistogram: part(10, () => ({
    dataPoints: parts(1, () => exponentialPoint),
    aggregationTemporality: one(2, "enum"),
  })),
};

function exportRequest(group: string, itemsOfScope: string, item: Message): Message {
  return {
    [`resource${group}`]: parts(1, () => ({
      resource: part(1, () => resource),
      [`scope${group}`]: parts(2, () => ({
        scope: part(1, () => scope),
        [itemsOfScope]: parts(2, () => item),
      })),
    })),
  };
}

/** What is posted for each signal. */
export const exportRequests = {
  traces: exportRequest("Spans", "spans", span),
  metrics: exportRequest("Metrics", "metrics", metric),
  logs: exportRequest("Logs", "logRecords", logRecord),
} as const;

export type Signal = keyof typeof exportRequests;
