import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { startTestCollector } from "../../runtime/telemetry/otlp/test-collector.ts";
import { asksForTelemetry, openPodTelemetry } from "./pod-telemetry.ts";
import type { PodTelemetry } from "./pod-telemetry.ts";

const pod = [["k8s.pod.name", "cart-7"]] as const;
const prometheus = {
  OTEL_METRICS_EXPORTER: "prometheus",
  OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
};

async function opened(environment: Record<string, string>): Promise<{
  readonly telling: PodTelemetry | undefined;
  readonly warnings: readonly string[];
}> {
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  return {
    telling: await openPodTelemetry({ environment, pod, app: "cart", onWarning }),
    warnings,
  };
}

function answerOne({ telemetry }: PodTelemetry): void {
  const handler = telemetry.handler({ app: "cart", component: "c", trigger: "http", route: "/" });
  const invocation = handler.begin({ method: "GET", scheme: "http", target: "/", rawHeaders: [] });
  for (let at = 0; at < 10_000; at++) expect(invocation.line("stdout", "line")).toBe(true);
  invocation.responded(200);
  invocation.end();
}

test.each<[Record<string, string>, boolean]>([
  [{}, false],
  [{ OTEL_SERVICE_NAME: "cart" }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "" }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://collector:4318/v1/traces" }, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318", OTEL_SDK_DISABLED: "true" }, false],
  [{ OTEL_METRICS_EXPORTER: "prometheus" }, true],
])("%j asks for telemetry: %s", async (environment, isAsked) => {
  expect(asksForTelemetry(environment)).toBe(isAsked);
});

describe("openPodTelemetry", () => {
  test("is nothing where nobody asked", async () => {
    expect(await opened({})).toEqual({ telling: undefined, warnings: [] });
  });

  test("exports with the pod's name, and what is left at the end", async () => {
    await using collector = await startTestCollector();
    const { telling, warnings } = await opened({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    });
    if (telling !== undefined) answerOne(telling);
    await telling?.[Symbol.asyncDispose]();
    const traces = collector.received.find(({ path }) => path === "/v1/traces")?.body.toString();
    expect(traces).toContain('"k8s.pod.name","value":{"stringValue":"cart-7"}');
    expect(warnings).toEqual([]);
  });

  test("offers metrics to Prometheus", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const address = blocker.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const environment = { ...prometheus, OTEL_EXPORTER_PROMETHEUS_PORT: String(port) };
    const first = await opened(environment);
    expect(first.warnings[0]).toContain("no metrics for Prometheus");
    await first.telling?.[Symbol.asyncDispose]();
    blocker.close();
    await once(blocker, "close");
    await using telling = (await opened(environment)).telling;
    if (telling !== undefined) answerOne(telling);
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toMatch(/^whorl_requests_total\{app="cart",.*status="200"\} 1$/m);
  });
});
