import type { AppSummary, Health } from "../../runtime/telemetry/admin/console-api.ts";
import { countText } from "./quantities.ts";

/** How many apps are in which state. */
export type HealthCounts = Readonly<Record<Health, number>>;

/** Counts the apps by their health. */
export function countHealth(apps: Iterable<Pick<AppSummary, "health">>): HealthCounts {
  const counts = { healthy: 0, idle: 0, pending: 0, degraded: 0, failing: 0 };
  for (const { health } of apps) counts[health]++;
  return counts;
}

/** The one sentence that says how everything is. */
export function fleetHeadline(counts: HealthCounts): string {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const troubled = counts.failing + counts.degraded;
  if (total === 0) return "No apps yet";
  if (troubled === 0)
    return total === 1 ? "The app is well" : `All ${countText(total)} apps are well`;
  if (total === 1) return counts.failing > 0 ? "The app is failing" : "The app needs attention";
  const need = troubled === 1 ? "needs" : "need";
  return `${countText(troubled)} of ${countText(total)} apps ${need} attention`;
}

/** Words for each state, as shown beside its mark. */
export const healthWords: Readonly<Record<Health, string>> = {
  healthy: "well",
  idle: "idle",
  pending: "starting",
  degraded: "degraded",
  failing: "failing",
};
