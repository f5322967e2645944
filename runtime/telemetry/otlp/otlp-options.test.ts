import { describe, expect, test } from "vitest";
import { resourceAttributes } from "../resource.ts";
import { otlpOptions } from "./otlp-options.ts";

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };

describe("otlpOptions", () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ["nothing is set", {}, {}],
    ["empty is as if it were not set", { OTEL_EXPORTER_OTLP_ENDPOINT: "" }, {}],
    [
      "one endpoint for all gets each signal's path",
      endpoint,
      {
        traces: "http://collector:4318/v1/traces",
        metrics: "http://collector:4318/v1/metrics",
        logs: "http://collector:4318/v1/logs",
      },
    ],
    [
      "also below a path",
      { OTEL_EXPORTER_OTLP_ENDPOINT: "https://x/otlp/", OTEL_METRICS_EXPORTER: "none" },
      { traces: "https://x/otlp/v1/traces", logs: "https://x/otlp/v1/logs" },
    ],
    [
      "a signal's own endpoint is taken as it is",
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://t:1/in" },
      { traces: "http://t:1/in" },
    ],
    ["disabled", { ...endpoint, OTEL_SDK_DISABLED: "TRUE" }, {}],
  ])("%s", (_, environment, urls) => {
    const { targets, warnings } = otlpOptions(environment);
    expect(Object.fromEntries(Object.entries(targets).map(([key, { url }]) => [key, url]))).toEqual(
      urls,
    );
    expect(warnings).toEqual([]);
  });

  test("a signal's own variables win", () => {
    const { targets } = otlpOptions({
      ...endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20eA==,x-a=1",
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-a=2",
      OTEL_EXPORTER_OTLP_TIMEOUT: "5000",
      OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: "50",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: "none",
      OTEL_EXPORTER_OTLP_CERTIFICATE: "/ca.pem",
    });
    expect(targets.traces).toMatchObject({
      encoding: "protobuf",
      headers: { authorization: "Basic eA==", "x-a": "1" },
      timeoutMs: 5000,
      compression: "gzip",
      tls: { caFile: "/ca.pem" },
    });
    expect(targets.logs).toMatchObject({
      encoding: "json",
      headers: { authorization: "Basic eA==", "x-a": "2" },
      timeoutMs: 50,
      compression: "none",
    });
  });

  test.each<[string, Record<string, string>, string]>([
    ["no URL", { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" }, "no http:// or https:// address"],
    ["grpc", { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, "port 4318"],
    ["another exporter", { ...endpoint, OTEL_TRACES_EXPORTER: "zipkin" }, '"zipkin"'],
    ["a sampler", { OTEL_TRACES_SAMPLER: "jaeger_remote" }, "jaeger_remote"],
    ["a ratio", { OTEL_TRACES_SAMPLER_ARG: "half" }, "half"],
    ["a negative queue", { OTEL_BSP_MAX_QUEUE_SIZE: "-1" }, "OTEL_BSP_MAX_QUEUE_SIZE"],
    ["an interval of nothing", { OTEL_METRIC_EXPORT_INTERVAL: "0" }, "60000 is used"],
    ["a header without value", { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: "secret" }, "left out"],
    ["a header that splits", { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: "a=1%0d%0ab" }, "left out"],
    ["a broken escape", { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: "a=%zz" }, "left out"],
  ])("%s is told of, and the rest holds", (_, environment, warning) => {
    const options = otlpOptions(environment);
    expect(options.warnings.join("\n")).toContain(warning);
    expect(options.spans.itemsMax).toBe(2048);
    expect(new Set(options.warnings).size).toBe(options.warnings.length);
  });

  test("numbers are bounded, a batch is never larger than its queue", () => {
    const { spans, ratio, sampler, isPropagating } = otlpOptions({
      OTEL_BSP_MAX_QUEUE_SIZE: "100",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "1000000000",
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "7",
      OTEL_PROPAGATORS: "b3",
    });
    expect(spans).toMatchObject({ itemsMax: 100, batchMax: 100 });
    expect({ ratio, sampler, isPropagating }).toEqual({
      ratio: 1,
      sampler: "parentbased_traceidratio",
      isPropagating: false,
    });
  });
});

describe("resourceAttributes", () => {
  const facts = { version: "1.2.3", hostName: "host", pid: 7 };

  test("the pod's variables, the embedder's, and OpenTelemetry's, the later ones winning", () => {
    const attributes = new Map(
      resourceAttributes(
        { ...facts, attributes: [["k8s.node.name", "from-embedder"]] },
        {
          POD_NAME: "shop-1",
          POD_NAMESPACE: "ns",
          NODE_NAME: "from-variable",
          OTEL_RESOURCE_ATTRIBUTES: "k8s.namespace.name=other,team=a%20b",
          OTEL_SERVICE_NAME: "shop",
        },
      ),
    );
    expect(Object.fromEntries(attributes)).toMatchObject({
      "service.name": "shop",
      "service.version": "1.2.3",
      "k8s.pod.name": "shop-1",
      "k8s.namespace.name": "other",
      "k8s.node.name": "from-embedder",
      team: "a b",
    });
  });

  test.each(["=x", "a", "a=%zz", "a=1,b"])("all of %j is left out", (text) => {
    const attributes = resourceAttributes(facts, { OTEL_RESOURCE_ATTRIBUTES: text });
    expect(attributes).toEqual(resourceAttributes(facts, {}));
    expect(new Map(attributes).get("service.name")).toBe("spin");
  });
});
