import { describe, expect, test } from "vitest";
import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { GuestSpan } from "./guest-telemetry.ts";
import { startTestCollector } from "./otlp/test-collector.ts";
import {
  answer,
  attributesOf,
  begin,
  exportTo,
  open,
  spansOf,
  traceId,
  traceparent,
} from "./test-telemetry.ts";

describe("traces", () => {
  test("a request continues the caller's trace: Spin's names, and the host's own spans", async () => {
    await using collector = await startTestCollector();
    const { telemetry } = await open(exportTo(collector));
    const invocation = begin(telemetry, ["Traceparent", traceparent, "tracestate", "a=1"]);
    invocation.instanceWanted();
    invocation.instanceTaken("fresh");
    expect(invocation.traceId).toBe(traceId);
    const call = invocation.outbound({
      method: "GET",
      origin: "https://api:8443",
      path: "/v1?k=1",
    });
    const sent = call.headers(["accept", "*/*", "traceparent", "the guest's"]);
    call.end(404);
    invocation.hostCall("spin_key_value.get").end("no-such-store");
    invocation.responded(200);
    invocation.resetStarted();
    invocation.resetEnded();
    invocation.end();
    invocation.end();
    await telemetry.close();

    const spans = spansOf(collector);
    const root = spans.get("GET /cart/...");
    const guest = spans.get("execute_wasm_component cart");
    const outbound = spans.get("spin_outbound_http.send_request");
    expect([...spans.keys()].toSorted()).toEqual([
      "GET /cart/...",
      "execute_wasm_component cart",
      "spin_key_value.get",
      "spin_outbound_http.send_request",
      "whorl.cold_start",
      "whorl.instance.reset",
      "whorl.queue",
    ]);
    for (const span of spans.values()) {
      expect(span.traceId).toBe(traceId);
      expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
    }
    expect(root).toMatchObject({ parentSpanId: "b7ad6b7169203331", kind: 2, traceState: "a=1" });
    expect(guest?.parentSpanId).toBe(root?.spanId);
    expect(outbound).toMatchObject({ parentSpanId: guest?.spanId, kind: 3 });
    expect(spans.get("spin_key_value.get")).toMatchObject({
      parentSpanId: guest?.spanId,
      status: { code: 2, message: "no-such-store" },
    });
    expect(attributesOf(root)).toMatchObject({
      "http.request.method": "GET",
      "http.route": "/cart/...",
      "http.response.status_code": "200",
      "url.path": "/cart/17",
      "url.query": "x=1",
      "url.scheme": "http",
      "client.address": "10.0.0.9",
      "network.peer.port": "4242",
    });
    expect(attributesOf(outbound)).toMatchObject({
      "url.full": "https://api:8443/v1?k=1",
      "server.address": "api",
      "server.port": "8443",
      "error.type": "404",
    });
    expect(sent).toEqual([
      ...["accept", "*/*", "traceparent", `00-${traceId}-${outbound?.spanId}-01`],
      ...["tracestate", "a=1"],
    ]);
  });

  test("a guest's failure is an error of the request and of its spans", async () => {
    await using collector = await startTestCollector();
    const { telemetry } = await open(exportTo(collector));
    const invocation = begin(telemetry);
    invocation.instanceWanted();
    invocation.instanceTaken("cold");
    invocation.failed(new WhorlError("trap", "unreachable"));
    invocation.failed(new Error("what follows from it"));
    invocation.responded(500);
    invocation.end();
    await telemetry.close();
    const root = spansOf(collector).get("GET /cart/...");
    expect(root?.status).toEqual({ code: 2, message: "unreachable" });
    expect(root).not.toHaveProperty("parentSpanId");
    expect(attributesOf(root)["error.type"]).toBe("trap");
    expect(telemetry.metrics.errors.series().map(({ labelValues }) => labelValues.at(-1))).toEqual([
      "trap",
    ]);
  });

  test("what the caller does not sample is not recorded, and passed on as it is", async () => {
    await using collector = await startTestCollector();
    const { telemetry } = await open({ ...exportTo(collector), OTEL_METRICS_EXPORTER: "none" });
    const unsampled = traceparent.replace(/01$/, "00");
    const invocation = begin(telemetry, ["traceparent", unsampled]);
    const call = invocation.outbound({ method: "GET", origin: "http://x", path: "/" });
    expect(call.headers([])).toEqual(["traceparent", unsampled]);
    answer(invocation);
    await telemetry.close();
    expect(collector.received).toEqual([]);
  });

  test("a guest's own spans join, those that it does not sample do not", async () => {
    await using collector = await startTestCollector();
    const { telemetry } = await open(exportTo(collector));
    const invocation = begin(telemetry, ["traceparent", traceparent]);
    const outer = invocation.guest?.outer;
    expect(outer).toMatchObject({ traceId, traceFlags: { sampled: true } });
    const span: GuestSpan = {
      spanContext: {
        traceId,
        spanId: "1".repeat(16),
        traceFlags: { sampled: true },
        isRemote: false,
        traceState: [],
      },
      parentSpanId: outer?.spanId ?? "",
      spanKind: "internal",
      name: "guest's own",
      startTime: { seconds: 1n, nanoseconds: 5 },
      endTime: { seconds: 2n, nanoseconds: 0 },
      attributes: [
        { key: "text", value: '"a"' },
        { key: "list", value: "[1,2.5,true]" },
        { key: "no JSON", value: "{" },
      ],
      events: [],
      links: [],
      status: { tag: "ok" },
      instrumentationScope: { name: "lib", version: "2", schemaUrl: undefined, attributes: [] },
      droppedAttributes: 0,
      droppedEvents: 0,
      droppedLinks: 0,
    };
    invocation.guest?.onSpan(span);
    const unsampled = { ...span.spanContext, traceFlags: { sampled: false } };
    invocation.guest?.onSpan({ ...span, name: "unsampled", spanContext: unsampled });
    answer(invocation);
    await telemetry.close();
    const spans = spansOf(collector);
    expect(spans.get("guest's own")).toMatchObject({
      parentSpanId: spans.get("execute_wasm_component cart")?.spanId,
      startTimeUnixNano: "1000000005",
      status: { code: 1 },
    });
    expect(attributesOf(spans.get("guest's own"))).toEqual({
      text: "a",
      list: { values: [{ intValue: "1" }, { doubleValue: 2.5 }, { boolValue: true }] },
      "no JSON": "{",
    });
    expect(spans.has("unsampled")).toBe(false);
  });

  test("a guest in a loop fills neither the trace nor the queue", async () => {
    await using collector = await startTestCollector();
    const { telemetry } = await open(exportTo(collector));
    const invocation = begin(telemetry);
    for (let at = 0; at < 10 * limits.hostCallSpansMax; at++) {
      invocation.hostCall(`spin_key_value.get`).end();
    }
    answer(invocation);
    await telemetry.close();
    const text =
      collector.received.find(({ path }) => path === "/v1/traces")?.body.toString() ?? "";
    expect(text.split('"spin_key_value.get"').length - 1).toBe(limits.hostCallSpansMax);
  });
});

describe("metrics and logs", () => {
  test("Spin's counter and the host's own are exported at the end of the process", async () => {
    await using collector = await startTestCollector();
    const { telemetry } = await open(exportTo(collector));
    answer(begin(telemetry));
    answer(begin(telemetry), 503);
    await telemetry.close();
    const sent = collector.received.filter(({ path }) => path === "/v1/metrics").at(-1);
    const { resourceMetrics } = JSON.parse(sent?.body.toString() ?? "{}") as {
      resourceMetrics: { scopeMetrics: { metrics: { name: string }[] }[] }[];
    };
    const metrics = new Map(
      resourceMetrics[0]?.scopeMetrics[0]?.metrics.map((metric) => [metric.name, metric]),
    );
    expect(metrics.get("spin.request_count")).toMatchObject({
      sum: {
        isMonotonic: true,
        aggregationTemporality: 2,
        dataPoints: [
          {
            asInt: "2",
            attributes: [
              { key: "app_id", value: { stringValue: "shop" } },
              { key: "component_id", value: { stringValue: "cart" } },
              { key: "trigger_type", value: { stringValue: "http" } },
            ],
          },
        ],
      },
    });
    expect(metrics.get("whorl.request.duration")).toMatchObject({
      unit: "s",
      histogram: { dataPoints: [{ count: "2" }] },
    });
  });

  test("lines carry their trace; beyond the rate they are held back and counted", async () => {
    await using collector = await startTestCollector();
    const opened = await open(exportTo(collector));
    const invocation = begin(opened.telemetry, ["traceparent", traceparent]);
    const passed = Array.from({ length: 50 }, (_, at) => invocation.line("stderr", `line ${at}`));
    expect(passed.filter(Boolean)).toHaveLength(3);
    answer(invocation);
    await opened.telemetry.close();
    expect(opened.dropped).toEqual([["cart", 47]]);
    const sent = collector.received.find(({ path }) => path === "/v1/logs")?.body.toString() ?? "";
    expect(JSON.parse(sent)).toMatchObject({
      resourceLogs: [
        {
          scopeLogs: [
            {
              logRecords: [
                { body: { stringValue: "line 0" }, severityText: "WARN", traceId },
                { body: { stringValue: "line 1" } },
                { body: { stringValue: "line 2" } },
              ],
            },
          ],
        },
      ],
    });
  });

  test("hosts and limits that guests name do not become series without end", async () => {
    const { telemetry } = await open();
    const invocation = begin(telemetry);
    for (let at = 0; at < 500; at++) {
      const call = invocation.outbound({ method: "GET", origin: `http://h${at}`, path: "/" });
      call.end(undefined, "connection-refused");
    }
    invocation.failed(Object.assign(new Error("x"), { code: 'a"b{' }));
    answer(invocation);
    expect(telemetry.metrics.outbound.series()).toHaveLength(limits.outboundHostsMax + 1);
    expect(telemetry.metrics.errors.series()[0]?.labelValues.at(-1)).toBe("internal");
  });
});

test("an app that is not served any more leaves no series", async () => {
  const { telemetry } = await open();
  answer(begin(telemetry));
  telemetry.forget("shop");
  for (const family of telemetry.metrics.all()) {
    expect(family.series().some(({ labelValues }) => labelValues.includes("shop"))).toBe(false);
  }
});
