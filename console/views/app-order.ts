import type { Health } from "../../runtime/telemetry/admin/console-api.ts";
import type { FleetApp } from "../live/fleet.ts";

/** What the table of apps can be sorted by. */
export type AppColumn =
  | "name"
  | "health"
  | "requests"
  | "latency"
  | "errors"
  | "memory"
  | "cold"
  | "pods";

export interface AppOrder {
  readonly column: AppColumn;
  readonly isDescending: boolean;
}

/** Which apps are looked for. */
export interface AppFilter {
  /** Part of the name, namespace, reason or route, in any case. */
  readonly text: string;
  readonly health: "all" | "troubled" | "busy" | "idle";
}

const ranks: Readonly<Record<Health, number>> = {
  failing: 4,
  degraded: 3,
  pending: 2,
  healthy: 1,
  idle: 0,
};

const values: Readonly<Record<Exclude<AppColumn, "name">, (app: FleetApp) => number>> = {
  health: ({ summary }) => ranks[summary.health],
  requests: ({ summary }) => summary.usage.requestsPerSecond,
  latency: ({ summary }) => summary.usage.p99Ms ?? -1,
  errors: ({ summary }) => errorShare(summary.usage) ?? 0,
  memory: ({ summary }) => summary.usage.memoryBytes ?? -1,
  cold: ({ summary }) => summary.usage.coldStartsTotal,
  pods: ({ summary }) => summary.workload?.readyPods ?? -1,
};

/** The share of requests that fail now, undefined without requests. */
export function errorShare({
  requestsPerSecond,
  errorsPerSecond,
}: {
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
}): number | undefined {
  return requestsPerSecond > 0 ? Math.min(1, errorsPerSecond / requestsPerSecond) : undefined;
}

/** Sorted; equal ones by whether they are busy, then by name, so that rows do not change places for nothing. */
export function orderApps(
  apps: readonly FleetApp[],
  { column, isDescending }: AppOrder,
): FleetApp[] {
  const sign = isDescending ? -1 : 1;
  if (column === "name") return apps.toSorted((a, b) => sign * compareNames(a, b));
  const value = values[column];
  return apps.toSorted((a, b) => {
    const difference = sign * (value(a) - value(b));
    if (difference !== 0) return difference;
    // Rates differ all the time: that something happens at all is what counts here.
    const busier = Number(isBusy(b)) - Number(isBusy(a));
    return busier === 0 ? compareNames(a, b) : busier;
  });
}

/** In the order of these ids, as far as they are named; the others after them, as they are. */
export function keepOrder(apps: readonly FleetApp[], ids: readonly string[]): FleetApp[] {
  const places = new Map(ids.map((id, at) => [id, at]));
  const place = ({ summary }: FleetApp): number => places.get(summary.id) ?? ids.length;
  return apps.toSorted((a, b) => place(a) - place(b));
}

function isBusy({ summary }: FleetApp): boolean {
  return summary.usage.requestsPerSecond > 0;
}

/** Those that are looked for. */
export function filterApps(apps: readonly FleetApp[], { text, health }: AppFilter): FleetApp[] {
  const wanted = text.trim().toLowerCase();
  return apps.filter(
    ({ summary }) =>
      matchesHealth(summary.health, health) &&
      (wanted === "" || searchedText(summary).includes(wanted)),
  );
}

function searchedText({ id, healthReason, triggers, url }: FleetApp["summary"]): string {
  const sources = triggers.map(({ source }) => source ?? "").join("\n");
  return `${id}\n${hostOf(url)}\n${healthReason}\n${sources}`.toLowerCase();
}

/** Host and port by which an app is asked; `""` where it is not asked by an address. */
export function hostOf(url: string | undefined): string {
  return (url === undefined ? null : URL.parse(url))?.host ?? "";
}

function matchesHealth(health: Health, wanted: AppFilter["health"]): boolean {
  switch (wanted) {
    case "all":
      return true;
    case "troubled":
      return health === "failing" || health === "degraded";
    case "busy":
      return health !== "idle" && health !== "pending";
    case "idle":
      return health === "idle" || health === "pending";
  }
}

function compareNames(a: FleetApp, b: FleetApp): number {
  return a.summary.id < b.summary.id ? -1 : a.summary.id > b.summary.id ? 1 : 0;
}
