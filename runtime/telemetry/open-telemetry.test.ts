import { describe, expect, test } from "vitest";
import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { GuestSpan } from "./guest-telemetry.ts";
import { openTelemetry, type OpenTelemetry } from "./open-telemetry.ts";
import { startTestCollector, type TestCollector } from "./otlp/test-collector.ts";
import type { Invocation } from "./telemetry.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

interface Opened {
  readonly telemetry: OpenTelemetry;
  readonly warnings: string[];
  readonly dropped: [string, number][];
}

async function open(environment: Record<string, string> = {}): Promise<Opened> {
  const warnings: string[] = [];
  const dropped: [string, number][] = [];
  const telemetry = await openTelemetry({
    environment,
    resource: { version: "1", hostName: "host", pid: 1 },
    lineRate: { perSecond: 1, burst: 3 },
    onWarning: (message) => warnings.push(message),
    onLinesDropped: (component, count) => dropped.push([component, count]),
  });
  return { telemetry, warnings, dropped };
}

function exportTo({ url }: TestCollector): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_TIMEOUT: "1000",
  };
}

function begin(telemetry: OpenTelemetry, rawHeaders: string[] = []): Invocation {
  return telemetry
    .handler({ app: "shop", component: "cart", trigger: "http", route: "/cart/..." })
    .begin({
      method: "GET",
      scheme: "http",
      target: "/cart/17?x=1",
      rawHeaders,
      peer: { remoteAddress: "10.0.0.9", remotePort: 4242 },
    });
}

function answer(invocation: Invocation, status = 200): void {
  invocation.instanceWanted();
  invocation.instanceTaken("fresh");
  invocation.responded(status);
  invocation.resetStarted();
  invocation.resetEnded();
  invocation.end();
}

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}

function spansOf(collector: TestCollector): Map<string, Span> {
  const spans = new Map<string, Span>();
  for (const { path, body } of collector.received) {
    if (path !== "/v1/traces") continue;
    const { resourceSpans } = JSON.parse(body.toString()) as {
      resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
    };
    for (const { scopeSpans } of resourceSpans) {
      for (const scope of scopeSpans) for (const span of scope.spans) spans.set(span.name, span);
    }
  }
  return spans;
}

function attributesOf(span: Span | undefined): Record<string, unknown> {
  return Object.fromEntries(
    (span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]),
  );
}

/** A counter's value, by the values of its labels. */
function dropped(telemetry: OpenTelemetry, signal: string): Record<string, number> {
  const series = telemetry.metrics.telemetryDropped.series();
  return Object.fromEntries(
    series
      .filter(({ labelValues, value }) => labelValues[0] === signal && value.value > 0)
      .map(({ labelValues, value }) => [labelValues[1], value.value]),
  );
}

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

describe("bad collectors", () => {
  test("absent: guests notice nothing, what is lost is counted, the end comes in time", async () => {
    const { telemetry, warnings } = await open({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
    });
    for (let at = 0; at < limits.telemetryQueueItemsMax; at++) answer(begin(telemetry));
    await telemetry.close(AbortSignal.abort());
    const lost = dropped(telemetry, "spans");
    expect(lost["queue_full"]).toBeGreaterThan(0);
    expect(Object.values(lost).reduce((sum, count) => sum + count, 0)).toBe(
      limits.telemetryQueueItemsMax * 5,
    );
    expect(warnings.length).toBeLessThanOrEqual(3);
  });

  test.each<[string, number, string, string]>([
    ["500 is not tried again", 500, "", "refused"],
    ["400 with a page", 400, "<html>", "refused"],
    ["too long a Retry-After is not waited for", 429, "", "unreachable"],
  ])("%s", async (_, status, body, reason) => {
    await using collector = await startTestCollector((response) => {
      response.writeHead(status, { "retry-after": "86400" }).end(body);
    });
    const { telemetry, warnings } = await open(exportTo(collector));
    answer(begin(telemetry));
    await telemetry.close();
    expect(dropped(telemetry, "spans")).toEqual({ [reason]: 5 });
    expect(collector.received.filter(({ path }) => path === "/v1/traces")).toHaveLength(1);
    expect(warnings[0]).toContain(`it answers ${status}`);
  });

  test("one that is overloaded for a moment gets the same export again", async () => {
    await using collector = await startTestCollector((response, index) => {
      response.writeHead(index === 0 ? 503 : 200, { "retry-after": "0" }).end();
    });
    const environment = { ...exportTo(collector), OTEL_METRICS_EXPORTER: "none" };
    const { telemetry, warnings } = await open(environment);
    answer(begin(telemetry));
    await telemetry.close();
    expect(collector.received).toHaveLength(2);
    expect(collector.received[1]?.body).toEqual(collector.received[0]?.body);
    expect(dropped(telemetry, "spans")).toEqual({});
    expect(warnings).toEqual([]);
  });

  test("part of an export refused is counted; nonsense in an answer is not obeyed", async () => {
    await using collector = await startTestCollector((response, index) => {
      response.setHeader("content-type", "application/json");
      response.end(index === 0 ? '{"partialSuccess":{"rejectedSpans":"2"}}' : "}{".repeat(100_000));
    });
    const { telemetry } = await open({ ...exportTo(collector), OTEL_METRICS_EXPORTER: "none" });
    answer(begin(telemetry));
    await telemetry.close();
    expect(dropped(telemetry, "spans")).toEqual({ rejected: 2 });
  });

  test("one that takes and never answers holds nobody at the end", async () => {
    await using collector = await startTestCollector(() => undefined);
    const { telemetry } = await open({
      ...exportTo(collector),
      OTEL_EXPORTER_OTLP_TIMEOUT: "60000",
    });
    answer(begin(telemetry));
    const impatient = new AbortController();
    const closed = telemetry.close(impatient.signal);
    await collector.until(1);
    impatient.abort();
    await closed;
    expect(dropped(telemetry, "spans")).toEqual({ unreachable: 5 });
  });

  test("gzip and headers arrive as asked for", async () => {
    await using collector = await startTestCollector();
    const { telemetry } = await open({
      ...exportTo(collector),
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20b",
    });
    answer(begin(telemetry));
    await telemetry.close();
    expect(collector.received[0]?.headers).toMatchObject({
      "content-encoding": "gzip",
      "content-type": "application/json",
      "x-key": "a b",
    });
    expect(spansOf(collector).has("GET /cart/...")).toBe(true);
  });

  test("a certificate that cannot be read is told of, and nothing is exported", async () => {
    const { telemetry, warnings } = await open({
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://127.0.0.1:1",
      OTEL_EXPORTER_OTLP_CERTIFICATE: "/no/such/file",
    });
    expect(warnings.join("\n")).toContain("/no/such/file");
    expect(telemetry.isTracing).toBe(false);
    answer(begin(telemetry));
    await telemetry.close();
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
