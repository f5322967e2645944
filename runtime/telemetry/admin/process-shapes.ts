import type { KeptRequest, NumberedRequest } from "../live/request-recorder.ts";
import type { UsageRow } from "../live/usage-rows.ts";
import type { SampledApp } from "../live/usage-sampler.ts";
import type { AppSummary, Failure, RequestEntry, Usage } from "./console-api.ts";
import { failureRemedy } from "./failure-remedy.ts";

/** Health of an app as the API has it; `problem`: why it cannot be asked at all. */
export function healthOf(
  sampled: SampledApp | undefined,
  problem?: string,
): Pick<AppSummary, "health" | "healthReason"> {
  if (problem !== undefined) {
    return { health: "failing", healthReason: `it cannot be served: ${problem}` };
  }
  if (sampled === undefined) return { health: "idle", healthReason: "no requests yet" };
  return { health: sampled.health.health, healthReason: sampled.health.reason };
}

/** Zeros where nothing is known. */
export function usageOf(row: UsageRow | undefined): Usage {
  return {
    requestsPerSecond: row?.requestsPerSecond ?? 0,
    errorsPerSecond: row?.errorsPerSecond ?? 0,
    coldStartsPerSecond: row?.coldStartsPerSecond ?? 0,
    p50Ms: row?.p50Ms,
    p99Ms: row?.p99Ms,
    inFlight: row?.inFlight ?? 0,
    requestsTotal: row?.requests ?? 0,
    errorsTotal: row?.errors ?? 0,
    coldStartsTotal: row?.coldStarts ?? 0,
    limitHitsTotal: row?.limitHits ?? 0,
    memoryBytes: row?.memoryBytes,
    memoryLimitBytes: row?.memoryLimitBytes,
    cpuShare: row?.cpuShare,
    busyInstances: row?.busyInstances,
    idleInstances: row?.idleInstances,
  };
}

/** A request as the API has it. */
export function entryOf({ id, timeMs, ...record }: NumberedRequest): RequestEntry {
  return { id: String(id), atMs: timeMs, ...record };
}

/** A failed request as the API has it. */
export function failureOf(kept: KeptRequest): Failure {
  const { id, timeMs, app, component, error = "internal", message, status } = kept.record;
  return {
    atMs: timeMs,
    app,
    component,
    code: error,
    message: message ?? `the guest answered ${status}`,
    remedy: failureRemedy(kept),
    requestId: String(id),
  };
}
