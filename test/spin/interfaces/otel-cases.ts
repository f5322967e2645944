import { expect } from "vitest";
import { casesOf, type InterfaceCase, ok, type Row } from "./interface-case.ts";

const hexadecimal = (digits: number): unknown =>
  expect.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)) as unknown;

const context = {
  trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
  span_id: "00f067aa0ba902b7",
  trace_flags: true,
  is_remote: false,
  trace_state: [["a", "1"]],
};
const attributes = [{ key: "n", value: "[1,null]" }];
const time = { seconds: 1_700_000_000, nanoseconds: 1 };
const scope = { name: "lib", version: "1", schema_url: null, attributes };

/** Of wasi:otel; where it all goes is seen by test/telemetry/guest-otel.test.ts. */
export function otelCases(): InterfaceCase[] {
  return [
    ...casesOf("wasi:otel/tracing@0.2.0-rc.2", [
      [
        "outer-span-context",
        "works",
        [],
        ok({
          trace_id: hexadecimal(32),
          span_id: hexadecimal(16),
          trace_flags: expect.any(Boolean) as unknown,
          is_remote: false,
          trace_state: [],
        }),
      ],
      ["on-start", "works", [context], ok()],
      ["on-end", "every part of a span", [span({ tag: "Ok" })], ok()],
      ["on-end", "a span that failed", [span({ tag: "Error", text: "no" })], ok()],
    ]),
    ...casesOf("wasi:otel/metrics@0.2.0-rc.2", metricRows()),
    ...casesOf("wasi:otel/logs@0.2.0-rc.2", [
      ["on-emit", "every part of a record", [record], ok()],
      [
        "on-emit",
        "nothing but a record",
        [Object.fromEntries(Object.keys(record).map((key) => [key, null]))],
        ok(),
      ],
    ]),
  ];
}

function span(status: { tag: "Ok" } | { tag: "Error"; text: string }): object {
  return {
    span_context: context,
    parent_span_id: "0000000000000000",
    span_kind: "Consumer",
    name: "work",
    start_time: time,
    end_time: time,
    attributes,
    events: [{ name: "event", time, attributes }],
    links: [{ span_context: context, attributes: [] }],
    status: status.tag === "Ok" ? "Ok" : { Error: status.text },
    instrumentation_scope: scope,
    dropped_attributes: 1,
    dropped_events: 2,
    dropped_links: 3,
  };
}

const record = {
  timestamp: time,
  observed_timestamp: time,
  severity_text: "ERROR",
  severity_number: 17,
  body: '"text"',
  attributes,
  event_name: "failed",
  resource: { attributes, schema_url: "https://example.com/schema" },
  instrumentation_scope: scope,
  trace_id: context.trace_id,
  span_id: context.span_id,
  trace_flags: true,
};

/** Every kind of metric with every kind of number. */
function metricRows(): readonly Row[] {
  return (["F64", "U64", "S64"] as const).flatMap((kind) => {
    const value = { [kind]: kind === "S64" ? -1 : 1 };
    const exemplar = {
      ...{ filtered_attributes: attributes, time, value },
      ...{ span_id: context.span_id, trace_id: context.trace_id },
    };
    const point = { attributes, value, exemplars: [exemplar] };
    const total = { attributes, count: 3, min: value, max: null, sum: value, exemplars: [] };
    const buckets = { bounds: [0.5], bucket_counts: [1, 2] };
    const exponential = {
      ...{ scale: -2, zero_count: 1, zero_threshold: 0.5 },
      positive_bucket: { offset: -3, counts: [1, 300] },
      negative_bucket: { offset: 0, counts: [] },
    };
    const aggregated = { start_time: time, time, temporality: "LowMemory" };
    const data = {
      Gauge: { data_points: [point], start_time: null, time },
      Sum: { data_points: [point], ...aggregated, is_monotonic: true },
      Histogram: { data_points: [{ ...total, ...buckets }], ...aggregated },
      ExponentialHistogram: { data_points: [{ ...total, ...exponential }], ...aggregated },
    };
    return Object.entries(data).map(([name, each]): Row => {
      const metric = { name: "m", description: "", unit: "1", data: { [`${kind}${name}`]: each } };
      const scopes = [{ scope, metrics: [metric] }];
      const metrics = { resource: { attributes, schema_url: null }, scope_metrics: scopes };
      return ["export", `${kind} ${name}`, [metrics], ok()];
    });
  });
}
