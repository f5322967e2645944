/** Where metrics are offered to Prometheus. */
export interface PrometheusAddress {
  readonly host: string;
  readonly port: number;
}

/** OpenTelemetry's port for it. */
const defaultPort = 9464;

/**
 * The address that OpenTelemetry's variables ask for (`OTEL_METRICS_EXPORTER=prometheus`,
 * `OTEL_EXPORTER_PROMETHEUS_HOST` and `_PORT`); undefined where they do not, or where the port is
 * none. Where no host is given it is `host`.
 */
export function prometheusAddress(
  environment: Readonly<Record<string, string | undefined>>,
  host: string,
): PrometheusAddress | undefined {
  const chosen = (environment["OTEL_METRICS_EXPORTER"] ?? "").toLowerCase().split(",");
  if (!chosen.some((each) => each.trim() === "prometheus")) return undefined;
  const port = Number(environment["OTEL_EXPORTER_PROMETHEUS_PORT"]?.trim() || defaultPort);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return undefined;
  const named = environment["OTEL_EXPORTER_PROMETHEUS_HOST"]?.trim() ?? "";
  return { host: named === "" ? host : named, port };
}
