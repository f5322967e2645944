import { expect, test } from "vitest";
import { prometheusAddress } from "./prometheus-address.ts";

test.each<[Record<string, string>, { host: string; port: number } | undefined]>([
  [{}, undefined],
  [{ OTEL_METRICS_EXPORTER: "otlp" }, undefined],
  [{ OTEL_METRICS_EXPORTER: "prometheus" }, { host: "here", port: 9464 }],
  [
    { OTEL_METRICS_EXPORTER: "otlp, Prometheus", OTEL_EXPORTER_PROMETHEUS_PORT: "1" },
    { host: "here", port: 1 },
  ],
  [
    { OTEL_METRICS_EXPORTER: "prometheus", OTEL_EXPORTER_PROMETHEUS_HOST: "0.0.0.0" },
    { host: "0.0.0.0", port: 9464 },
  ],
  [{ OTEL_METRICS_EXPORTER: "prometheus", OTEL_EXPORTER_PROMETHEUS_PORT: "x" }, undefined],
  [{ OTEL_METRICS_EXPORTER: "prometheus", OTEL_EXPORTER_PROMETHEUS_PORT: "65536" }, undefined],
])("%j", (environment, expected) => {
  expect(prometheusAddress(environment, "here")).toEqual(expected);
});
