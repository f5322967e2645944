import { expect, test } from "vitest";
import type { App } from "../app/app.ts";
import { countResident } from "./count-resident.ts";
import type { ResidentWorker } from "./count-resident.ts";
import type { HostedApp, ToWorker } from "./protocol.ts";
import { ResidentApps } from "./resident-apps.ts";

class NotedWorker implements ResidentWorker {
  readonly index = 0;
  readonly connections = new Map<string, number>();
  readonly loaded = new Set<string>();
  readonly told: ToWorker[] = [];

  hasLoaded(app: string): boolean {
    return this.loaded.has(app);
  }

  tell(message: ToWorker): void {
    this.told.push(message);
  }
}

function hosted(name: string): HostedApp {
  const app = { name, components: new Map() } as unknown as App;
  const runtimeConfig = {} as HostedApp["runtimeConfig"];
  return { name, app, runtimeConfig, url: "http://127.0.0.1", version: 1 };
}

async function loadAll(worker: NotedWorker, residents: ResidentApps<NotedWorker>): Promise<void> {
  for (const name of ["a", "b", "c"]) {
    worker.loaded.add(name);
    await countResident(residents, { worker, hosted: hosted(name), workers: [worker] });
  }
}

test("what is not in use makes room, and counts until the worker says that it is gone", async () => {
  const worker = new NotedWorker();
  worker.connections.set("a", 1);
  const residents = new ResidentApps<NotedWorker>(700_000);
  await loadAll(worker, residents);
  expect(worker.told).toEqual([{ kind: "unload", name: "b" }]);
  expect([residents.size, residents.bytes]).toEqual([3, 900_000]);
});

test.each(["unloaded", "gone"])(
  "an app whose worker has it no more is not counted: %s",
  async (why) => {
    const worker = new NotedWorker();
    const residents = new ResidentApps<NotedWorker>(700_000);
    if (why === "gone") worker.loaded.add("a");
    const workers = why === "gone" ? [] : [worker];
    await countResident(residents, { worker, hosted: hosted("a"), workers });
    expect([residents.size, worker.told]).toEqual([0, []]);
  },
);
