import { hostname } from "node:os";
import { errorText } from "../../runtime/error.ts";
import { prometheusAddress } from "../../runtime/telemetry/metrics/prometheus-address.ts";
import type { OpenTelemetry } from "../../runtime/telemetry/open-telemetry.ts";
import { otlpOptions } from "../../runtime/telemetry/otlp/otlp-options.ts";
import type { Telemetry } from "../../runtime/telemetry/telemetry.ts";
import { version } from "../version.ts";
import type { PodAttributes } from "./pod-attributes.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface PodTelemetryOptions {
  /** Of the container. */
  readonly environment: Environment;
  readonly pod: PodAttributes;
  /** Name of the app. */
  readonly app: string;
  onWarning(message: string): void;
}

/** What an app in a pod tells of itself; disposing sends what is left. */
export interface PodTelemetry extends AsyncDisposable {
  readonly telemetry: Telemetry;
}

/** Prometheus comes from elsewhere, unlike on a developer's machine. */
const allAddresses = "0.0.0.0";

/** The log of a container is not held to a rate, whether it is exported as well or not. */
const everyLine = { perSecond: 1e12, burst: 1e12 };

/** Whether a container's environment wants anything exported or offered (`OTEL_*`). */
export function asksForTelemetry(environment: Environment): boolean {
  return (
    prometheusAddress(environment, allAddresses) !== undefined ||
    Object.keys(otlpOptions(environment).targets).length > 0
  );
}

/**
 * Opens what a container's environment asks for; undefined where that is nothing. Never rejects:
 * an app is served even where nobody can be told of it.
 */
export async function openPodTelemetry(
  options: PodTelemetryOptions,
): Promise<PodTelemetry | undefined> {
  const { environment, pod, onWarning } = options;
  if (!asksForTelemetry(environment)) return undefined;
  const { openTelemetry } = await import("../../runtime/telemetry/open-telemetry.ts");
  const telemetry = await openTelemetry({
    environment,
    resource: { version, hostName: hostname(), pid: process.pid, attributes: pod },
    lineRate: everyLine,
    onWarning,
    onLinesDropped: () => undefined,
  });
  const server = await offerMetrics(telemetry, options);
  return {
    telemetry,
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]();
      await telemetry.close();
    },
  };
}

async function offerMetrics(
  telemetry: OpenTelemetry,
  { environment, app, onWarning }: PodTelemetryOptions,
): Promise<AsyncDisposable | undefined> {
  const address = prometheusAddress(environment, allAddresses);
  if (address === undefined) return undefined;
  const { startAdminServer } = await import("../../runtime/telemetry/admin/admin-server.ts");
  try {
    const offered = { kind: "metrics", ...address, requestsByPortForward: true } as const;
    return await startAdminServer(offered, telemetry, () => ({
      ...{ apps: [app], url: undefined, version },
    }));
  } catch (error) {
    onWarning(`telemetry: no metrics for Prometheus: ${errorText(error)}`);
    return undefined;
  }
}
