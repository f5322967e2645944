/**
 * What Whorl exports, read by the real OpenTelemetry collector: it decodes protobuf strictly, and
 * passes on as JSON what it has understood.
 */
import { expect, test } from "vitest";
import type { GuestMetrics } from "../../runtime/telemetry/guest-telemetry.ts";
import { openTelemetry } from "../../runtime/telemetry/open-telemetry.ts";
import { startTestCollector } from "../../runtime/telemetry/otlp/test-collector.ts";
import { collectorObstacle, startCollector } from "../servers/otel-collector.ts";

const obstacle = collectorObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

const traceId = "0af7651916cd43dd8448eb211c80319c";

const time = { seconds: 1_700_000_000n, nanoseconds: 1 };
const guestMetrics: GuestMetrics = {
  resource: { attributes: [{ key: "service.name", value: '"forged"' }], schemaUrl: undefined },
  scopeMetrics: [
    {
      scope: { name: "lib", version: undefined, schemaUrl: undefined, attributes: [] },
      metrics: [
        {
          name: "orders",
          description: "",
          unit: "1",
          data: {
            tag: "u64-sum",
            val: {
              dataPoints: [{ attributes: [], value: { tag: "u64", val: 2n ** 53n + 1n } }],
              startTime: time,
              time,
              temporality: "delta",
              isMonotonic: true,
            },
          },
        },
        {
          name: "sizes",
          description: "",
          unit: "By",
          data: {
            tag: "f64-exponential-histogram",
            val: {
              dataPoints: [
                {
                  attributes: [],
                  count: 3n,
                  min: { tag: "f64", val: -1 },
                  max: undefined,
                  sum: { tag: "f64", val: 2.5 },
                  scale: -2,
                  zeroCount: 1n,
                  positiveBucket: { offset: -3, counts: [1n, 300n] },
                  negativeBucket: { offset: 0, counts: [] },
                  zeroThreshold: 0.5,
                },
              ],
              startTime: time,
              time,
              temporality: "cumulative",
            },
          },
        },
      ],
    },
  ],
};

test.each(["none", "gzip"])(
  "the collector understands everything, compression %s",
  async (compression) => {
    await using behind = await startTestCollector();
    await using collector = await startCollector(behind.url);
    const warnings: string[] = [];
    const telemetry = await openTelemetry({
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_COMPRESSION: compression,
        POD_NAME: "shop-7",
      },
      resource: { version: "1.2.3", hostName: "host", pid: 1 },
      onWarning: (message) => warnings.push(message),
      onLinesDropped: () => undefined,
    });
    const handler = telemetry.handler({
      app: "shop",
      component: "cart",
      trigger: "http",
      route: "/…",
    });
    const rawHeaders = ["traceparent", `00-${traceId}-b7ad6b7169203331-01`, "tracestate", "a=1"];
    const invocation = handler.begin({
      method: "GET",
      scheme: "http",
      target: "/x?y=1",
      rawHeaders,
    });
    invocation.instanceWanted();
    invocation.instanceTaken("fresh");
    invocation.line("stdout", "hello ☃ \u0000");
    expect(invocation.guest?.onMetrics(guestMetrics)).toEqual({ tag: "ok", val: undefined });
    invocation.guest?.onLog({
      timestamp: time,
      observedTimestamp: undefined,
      severityText: "ERROR",
      severityNumber: 17,
      body: '{"a":[1,"b"]}',
      attributes: [],
      eventName: "failed",
      instrumentationScope: undefined,
      traceId: "not an id",
      spanId: undefined,
      traceFlags: undefined,
    });
    invocation.responded(200);
    invocation.resetStarted();
    invocation.resetEnded();
    invocation.end();
    await telemetry.close();

    expect(warnings).toEqual([]);
    expect(
      telemetry.metrics.telemetryDropped.series().every(({ value }) => value.value === 0),
    ).toBe(true);
    const texts = behind.received.map(({ path, body }) => `${path} ${body.toString()}`);
    const all = (signal: string): string =>
      texts.filter((text) => text.startsWith(`/v1/${signal} `)).join("\n");
    const traces = all("traces");
    for (const name of [
      "GET /…",
      "execute_wasm_component cart",
      "whorl.cold_start",
      "whorl.queue",
    ]) {
      expect(traces).toContain(`"name":"${name}"`);
    }
    expect(traces).toContain(`"traceId":"${traceId}"`);
    expect(traces).toContain('"parentSpanId":"b7ad6b7169203331"');
    expect(traces).toContain('{"key":"k8s.pod.name","value":{"stringValue":"shop-7"}}');
    const metrics = all("metrics");
    expect(metrics).toContain('"name":"spin.request_count"');
    expect(metrics).toContain('"asInt":"9007199254740993"');
    expect(metrics).toMatch(/"scale":-2,.*"offset":-3,"bucketCounts":\["1","300"\]/);
    expect(metrics).not.toContain("forged");
    const logs = all("logs");
    expect(logs).toContain("hello ☃ \\u0000");
    expect(logs).toContain('"severityNumber":17');
  },
);
