import { expect, test } from "vitest";
import { readExposition } from "../metrics/read-exposition.ts";
import { FleetUsage } from "./fleet-usage.ts";
import { usageView } from "./usage-rows.ts";

interface Figures {
  readonly requests: number;
  readonly slow?: number;
  readonly memory?: number;
  readonly app?: string;
}

function exposed({ requests, slow = 0, memory = 10, app = "shop" }: Figures): string {
  const labels = `app="${app}",component="cart"`;
  const bucket = `whorl_request_duration_seconds_bucket{${labels},trigger="http",le=`;
  return [
    `whorl_requests_total{${labels},status="200"} ${requests - 1}`,
    `whorl_requests_total{${labels},status="500"} 1`,
    `whorl_request_errors_total{${labels},error="trap"} 1`,
    `${bucket}"0.1"} ${requests - slow}`,
    `${bucket}"1"} ${requests}`,
    `${bucket}"+Inf"} ${requests}`,
    `whorl_guest_memory_bytes{${labels}} ${memory}`,
    `whorl_instances{${labels},state="busy"} 1`,
    `whorl_guest_cpu_seconds_total{${labels}} ${requests / 100}`,
    'whorl_telemetry_items_total{signal="spans"} 7',
    "process_resident_memory_bytes 1000",
  ].join("\n");
}

function targets(of: Record<string, Figures>): Parameters<FleetUsage["look"]>[0] {
  return new Map(
    Object.entries(of).map(([name, figures]) => [name, readExposition(exposed(figures))]),
  );
}

test("pods of one app are one row", () => {
  const fleet = new FleetUsage("app");
  const first = fleet.look(targets({ a: { requests: 100 }, b: { requests: 50 } }), 0);
  const second = fleet.look(
    targets({ a: { requests: 110, slow: 0 }, b: { requests: 60, slow: 10 } }),
    2_000,
  );
  expect(first.process.residentBytes).toBe(2_000);
  expect(first.components).toMatchObject([{ app: "shop", requests: 150, errors: 2 }]);
  const [row] = usageView(second, first).rows;
  expect(row).toMatchObject({ app: "shop", requestsPerSecond: 10, memoryBytes: 20 });
  expect(row?.busyInstances).toBe(2);
  expect(row?.cpuShare).toBeCloseTo(0.1);
  // Half of the new ones took up to 100 ms, the others longer.
  expect(row?.p50Ms).toBeCloseTo(100);
  expect(row?.p99Ms).toBeGreaterThan(900);
});

test("a pod that comes, goes or begins anew makes no leap", () => {
  const fleet = new FleetUsage("app");
  const rateOf = (now: Record<string, Figures>, seconds: number): number => {
    const current = fleet.look(targets(now), seconds * 1000);
    const rate = usageView(current, previous).rows[0]?.requestsPerSecond ?? Number.NaN;
    previous = current;
    return rate;
  };
  let previous = fleet.look(targets({ a: { requests: 100 } }), 0);
  expect(rateOf({ a: { requests: 101 }, late: { requests: 5_000 } }, 1)).toBe(1);
  expect(rateOf({ a: { requests: 101 }, late: { requests: 5_002 } }, 2)).toBe(2);
  expect(rateOf({ late: { requests: 5_003 } }, 3)).toBe(1);
  expect(rateOf({ a: { requests: 103 }, late: { requests: 5_003 } }, 4)).toBe(2);
  // What its series have counted since it began anew; one that is as it was counts nothing.
  expect(rateOf({ a: { requests: 103 }, late: { requests: 3 } }, 5)).toBe(2);
});

test("rows may be pods, which go when the pods do", () => {
  const fleet = new FleetUsage("target");
  const names = (now: Record<string, Figures>): string[] =>
    fleet.look(targets(now), 0).components.map(({ app }) => app);
  expect(names({ a: { requests: 1 }, b: { requests: 1, app: "other" } })).toEqual(["a", "b"]);
  expect(names({ b: { requests: 1, app: "other" } })).toEqual(["b"]);
});
