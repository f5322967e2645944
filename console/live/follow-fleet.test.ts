import { beforeAll, expect, test, vi } from "vitest";
import type {
  AppSummary,
  ConsoleEvent,
  ConsoleInfo,
  Failure,
  UsageSample,
} from "../../runtime/telemetry/admin/console-api.ts";
import { ConsoleError } from "../api/console-client.ts";
import { Fleet } from "./fleet.ts";
import { followFleet } from "./follow-fleet.ts";

beforeAll(() => void vi.stubGlobal("requestAnimationFrame", () => 0));

function app(id: string): AppSummary {
  return { id, usage: { requestsPerSecond: 0 } } as AppSummary;
}

const info: ConsoleEvent = { event: "info", data: { nowMs: Date.now() + 60_000 } as ConsoleInfo };

function usage(...ids: string[]): ConsoleEvent {
  const apps = ids.map((id) => ({ id, usage: { requestsPerSecond: 1 } }));
  return { event: "usage", data: { apps, gone: [], missed: 0 } as unknown as UsageSample };
}

test("the list is read when events begin, and again for an app that is not on it", async () => {
  const ended = new AbortController();
  const fleet = new Fleet();
  const served = ["a"];
  let reads = 0;
  const client = {
    apps: async () => {
      reads++;
      return served.map(app);
    },
    events: async function* (): AsyncGenerator<ConsoleEvent> {
      yield info;
      served.push("b");
      yield usage("a");
      yield usage("a", "b");
      await Promise.resolve();
      yield { event: "failures", data: { failures: [{ app: "b" } as Failure], lost: 0 } };
      ended.abort();
    },
  };
  const failing: string[] = [];
  await followFleet(client, fleet, {
    signal: ended.signal,
    onFailures: (failures) => failing.push(...failures.map((failure) => failure.app)),
  });
  expect(fleet.apps.map(({ summary }) => summary.id)).toEqual(["a", "b"]);
  expect({ reads, failing, isLoaded: fleet.isLoaded }).toEqual({
    ...{ reads: 2, failing: ["b"], isLoaded: true },
  });
  expect(fleet.aheadMs).toBeGreaterThan(50_000);
});

test("without rights nothing is asked any more", async () => {
  const fleet = new Fleet();
  const client = {
    apps: () => expect.unreachable("asked"),
    events: (): AsyncGenerator<ConsoleEvent> => {
      throw new ConsoleError("unauthorized", "no token");
    },
  };
  const onFailures = (): void => expect.unreachable("told");
  await followFleet(client, fleet, { signal: new AbortController().signal, onFailures });
  expect(fleet.connection).toBe("denied");
});
