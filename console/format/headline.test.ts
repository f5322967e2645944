import { expect, test } from "vitest";
import type { Health } from "../../runtime/telemetry/admin/console-api.ts";
import { countHealth, fleetHeadline } from "./headline.ts";

test.each<{ states: Health[]; text: string }>([
  { states: [], text: "No apps yet" },
  { states: ["idle"], text: "The app is well" },
  { states: ["failing"], text: "The app is failing" },
  { states: ["degraded"], text: "The app needs attention" },
  { states: ["healthy", "idle", "pending"], text: "All 3 apps are well" },
  { states: ["healthy", "failing"], text: "1 of 2 apps needs attention" },
  { states: ["degraded", "failing", "idle"], text: "2 of 3 apps need attention" },
  { states: Array.from({ length: 1000 }, () => "healthy"), text: "All 1,000 apps are well" },
])("$text", ({ states, text }) => {
  expect(fleetHeadline(countHealth(states.map((health) => ({ health }))))).toBe(text);
});
