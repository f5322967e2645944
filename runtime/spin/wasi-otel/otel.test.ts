import { expect, test } from "vitest";
import type { HostInterface } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import { logs, metrics, tracing } from "./otel.ts";
import { noSpan, OtelContext, type OtelScope, type OtelSink } from "./otel-scope.ts";
import type { SpanContext } from "./otel-types.ts";

function span(spanId: string): SpanContext {
  return { ...noSpan, traceId: "a".repeat(32), spanId };
}

function call(
  host: HostInterface<OtelScope>,
  otel: OtelContext,
  name: string,
  ...values: unknown[]
): unknown {
  return host.functions[name]?.({ otel }, ...values);
}

function recorder(): { seen: unknown[]; sink: OtelSink } {
  const seen: unknown[] = [];
  const sink: OtelSink = {
    onSpan: (data) => void seen.push(data),
    onMetrics: (data) => {
      seen.push(data);
      return { tag: "err", val: "Operation timed out." };
    },
    onLog: (data) => void seen.push(data),
    onCurrent: ({ spanId }) => void seen.push(`in ${spanId}`),
  };
  return { seen, sink };
}

test("a span goes to the sink when it ends; the newest open one is the current one", () => {
  const { seen, sink } = recorder();
  const otel = new OtelContext({ guest: { ...sink, outer: span("host") } });
  expect(call(tracing, otel, "outer-span-context")).toEqual(span("host"));
  expect(otel.current).toEqual(span("host"));
  call(tracing, otel, "on-start", span("1"));
  call(tracing, otel, "on-start", span("2"));
  expect(otel.current).toEqual(span("2"));
  expect(call(tracing, otel, "outer-span-context")).toEqual(span("host"));
  call(tracing, otel, "on-end", { name: "two", spanContext: span("2") });
  expect(otel.current).toEqual(span("1"));
  expect(seen).toEqual(["in 1", "in 2", "in 1", { name: "two", spanContext: span("2") }]);
});

test("to end what was not begun, or to begin without end, is a trap", () => {
  const otel = new OtelContext({ guest: { ...recorder().sink, outer: noSpan } });
  expect(() => call(tracing, otel, "on-end", { spanContext: span("1") })).toThrow(
    "Trying to end a span that was not started",
  );
  for (let count = 0; count < limits.guestSpansMax; count++) {
    call(tracing, otel, "on-start", span(String(count)));
  }
  expect(() => call(tracing, otel, "on-start", span("more"))).toThrow("spans without ending one");
});

test("metrics and log records go to the sink, which may refuse metrics", () => {
  const { seen, sink } = recorder();
  const otel = new OtelContext({ guest: { ...sink, outer: noSpan } });
  expect(call(metrics, otel, "export", { scopeMetrics: [] })).toEqual({
    tag: "err",
    val: "Operation timed out.",
  });
  call(logs, otel, "on-emit", { body: '"text"' });
  expect(seen).toEqual([{ scopeMetrics: [] }, { body: '"text"' }]);
});

test("where it goes is asked once, when the guest first does something", () => {
  let asked = 0;
  const source = {
    get guest() {
      asked += 1;
      return { outer: span("host") };
    },
  };
  const otel = new OtelContext(source);
  expect(asked).toBe(0);
  expect([otel.current, otel.outer]).toEqual([span("host"), span("host")]);
  expect(asked).toBe(1);
});

test("without telemetry of the host nothing happens", () => {
  const otel = new OtelContext();
  call(tracing, otel, "on-start", span("1"));
  call(tracing, otel, "on-end", { spanContext: span("2") });
  expect(call(tracing, otel, "outer-span-context")).toEqual(noSpan);
  expect(call(metrics, otel, "export", {})).toEqual({ tag: "ok", val: undefined });
  expect(call(logs, otel, "on-emit", {})).toBeUndefined();
});
