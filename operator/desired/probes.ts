import { defaultHttpPort } from "../api/names.ts";
import type { HealthProbe, Passed, SpinAppSpec } from "../api/spin-app.ts";
import { OperatorError } from "../error.ts";
import { present } from "./manifest.ts";

/** Probes of the app's container by their core/v1 names. Throws `invalid` for one without a kind. */
export function probes({ checks, port = defaultHttpPort }: SpinAppSpec): Passed {
  return present({
    livenessProbe: probe("liveness", checks?.liveness, port),
    readinessProbe: probe("readiness", checks?.readiness, port),
    startupProbe: probe("startup", checks?.startup, port),
  });
}

function probe(name: string, check: HealthProbe | undefined, port: number): Passed | undefined {
  if (check === undefined) return undefined;
  const { httpGet, tcpSocket, grpc, ...numbers } = check;
  const { initialDelaySeconds, timeoutSeconds, periodSeconds, successThreshold, failureThreshold } =
    numbers;
  return present({
    ...handler(name, { httpGet, tcpSocket, grpc }, port),
    initialDelaySeconds,
    timeoutSeconds,
    periodSeconds,
    successThreshold,
    failureThreshold,
  });
}

type Handlers = {
  readonly [K in "httpGet" | "tcpSocket" | "grpc"]: HealthProbe[K] | undefined;
};

function handler(name: string, { httpGet, tcpSocket, grpc }: Handlers, port: number): Passed {
  if (httpGet !== undefined) {
    const { path, httpHeaders = [] } = httpGet;
    return { httpGet: { path, port, ...(httpHeaders.length === 0 ? {} : { httpHeaders }) } };
  }
  if (tcpSocket !== undefined) return { tcpSocket: { port: tcpSocket.port ?? port } };
  if (grpc !== undefined) {
    return { grpc: present({ port: grpc.port ?? port, service: grpc.service }) };
  }
  throw new OperatorError(
    "invalid",
    `spec.checks.${name}: probe exists but with unknown configuration, expected httpGet (or tcpSocket, grpc)`,
  );
}
