import { defaultHttpPort } from "../api/names.ts";
import { quantityUnits } from "../api/quantity.ts";
import type { Passed, SpinAppSpec, Telemetry } from "../api/spin-app.ts";
import type { OtelSettings } from "../api/spin-app-executor.ts";
import { OperatorError } from "../error.ts";
import { durationMs } from "./duration.ts";
import { present } from "./manifest.ts";

/** core/v1 EnvVar. */
export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: Passed;
}

/**
 * Environment of the app's container. The order is spin-operator's (a changed order would roll
 * every pod): variables, address, telemetry endpoints, memory, components; what only Whorl reads
 * comes last and only where it is asked for. Throws `invalid` for limits that cannot be read.
 */
export function environment(spec: SpinAppSpec, otel: OtelSettings | undefined): readonly EnvVar[] {
  return [
    ...(spec.variables ?? []).map(variable),
    { name: "SPIN_HTTP_LISTEN_ADDR", value: `0.0.0.0:${spec.port ?? defaultHttpPort}` },
    ...telemetryEndpoints(spec.telemetry, otel),
    ...memoryLimit(spec),
    ...(spec.components === undefined
      ? []
      : [{ name: "SPIN_COMPONENTS_TO_RETAIN", value: spec.components.join(",") }]),
    ...ownLimits(spec),
    ...guestMounts(spec),
    ...telemetryDetails(spec.telemetry),
  ];
}

/** Name of the environment variable that carries a variable of the app. */
function variableName(name: string): string {
  return `SPIN_VARIABLE_${name.toUpperCase()}`;
}

function variable({
  name,
  value,
  valueFrom,
}: NonNullable<SpinAppSpec["variables"]>[number]): EnvVar {
  return {
    name: variableName(name),
    ...(value === undefined || value === "" ? {} : { value }),
    ...(valueFrom === undefined ? {} : { valueFrom: { ...valueFrom } }),
  };
}

function telemetryEndpoints(
  own: Telemetry | undefined,
  shared: OtelSettings | undefined,
): readonly EnvVar[] {
  return named([
    ["OTEL_EXPORTER_OTLP_ENDPOINT", own?.endpoint ?? shared?.exporter_otlp_endpoint],
    [
      "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
      own?.tracesEndpoint ?? shared?.exporter_otlp_traces_endpoint,
    ],
    [
      "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
      own?.metricsEndpoint ?? shared?.exporter_otlp_metrics_endpoint,
    ],
    ["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", own?.logsEndpoint ?? shared?.exporter_otlp_logs_endpoint],
  ]);
}

function telemetryDetails(own: Telemetry | undefined): readonly EnvVar[] {
  if (own === undefined) return [];
  const attributes = Object.entries(own.resourceAttributes ?? {})
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .toSorted()
    .join(",");
  const headers = own.headersFrom;
  return [
    ...named([
      ["OTEL_EXPORTER_OTLP_PROTOCOL", own.protocol],
      ["OTEL_RESOURCE_ATTRIBUTES", attributes],
      ["OTEL_SERVICE_NAME", own.serviceName],
      ["WHORL_LOG_FORMAT", own.logFormat],
    ]),
    ...named(
      own.metricsPort === undefined
        ? []
        : [
            ["OTEL_METRICS_EXPORTER", "otlp,prometheus"],
            ["OTEL_EXPORTER_PROMETHEUS_PORT", String(own.metricsPort)],
          ],
    ),
    ...named(
      own.traceShare === undefined
        ? []
        : [
            ["OTEL_TRACES_SAMPLER", "parentbased_traceidratio"],
            ["OTEL_TRACES_SAMPLER_ARG", own.traceShare],
          ],
    ),
    ...(headers === undefined
      ? []
      : [{ name: "OTEL_EXPORTER_OTLP_HEADERS", valueFrom: { secretKeyRef: headers } }]),
  ];
}

function named(pairs: readonly (readonly [string, string | undefined])[]): readonly EnvVar[] {
  return pairs.flatMap(([name, value]) => (value ? [{ name, value }] : []));
}

function memoryLimit({ invocationLimits }: SpinAppSpec): readonly EnvVar[] {
  const memory = invocationLimits?.["memory"];
  if (memory === undefined) return [];
  const bytes = quantityUnits(memory);
  if (bytes === undefined) {
    throw new OperatorError(
      "invalid",
      `spec.invocationLimits[memory]: memory limit must be a valid memory quantity (e.g. 128Mi, 1Gi), not "${memory}"`,
    );
  }
  return [{ name: "SPIN_MAX_INSTANCE_MEMORY", value: bytes.toString() }];
}

/** Limits with our domain; those of other runtimes are theirs to check and left alone. */
function ownLimits({ invocationLimits = {} }: SpinAppSpec): readonly EnvVar[] {
  const milliseconds = (key: string): string | undefined => {
    const text = invocationLimits[key];
    return text === undefined
      ? undefined
      : String(durationMs(text, `spec.invocationLimits[${key}]`));
  };
  return named([
    ["WHORL_INVOCATION_TIME_MS", milliseconds("whorl.dev/time")],
    ["WHORL_INVOCATION_CPU_MS", milliseconds("whorl.dev/cpu")],
    ["WHORL_INVOCATIONS_MAX", invocationLimits["whorl.dev/concurrency"]],
  ]);
}

/** Folders of the container that guests see, as JSON: paths may contain any separator. */
function guestMounts({ guestMounts: mounts = [] }: SpinAppSpec): readonly EnvVar[] {
  if (mounts.length === 0) return [];
  const entries = mounts.map(({ mountPath, guestPath, readOnly, components }) =>
    present({ path: mountPath, guest: guestPath, readOnly, components }),
  );
  return [{ name: "WHORL_GUEST_MOUNTS", value: JSON.stringify(entries) }];
}
