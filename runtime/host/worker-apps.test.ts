import { expect, test } from "vitest";
import type { App } from "../app/app.ts";
import { WhorlError } from "../error.ts";
import type { StartedApp } from "../trigger/running-app.ts";
import type { Failure, HostedApp } from "./protocol.ts";
import { WorkerApps } from "./worker-apps.ts";
import type { LoadedApp, WorkerAppsOptions } from "./worker-apps.ts";

function hosted(name: string, version = 1, runtimeConfig = {}): HostedApp {
  const app: App = {
    ...{ name, version: String(version), directory: "/", warnings: [], httpTriggers: [] },
    ...{ eventTriggers: [], components: new Map(), variables: new Map() },
  } as unknown as App;
  const url = `http://${name}.localhost:80`;
  return {
    ...{ name, app, url, version },
    runtimeConfig: runtimeConfig as HostedApp["runtimeConfig"],
  };
}

/** Apps of one worker, and what happens to them in order. */
class NotedApps {
  readonly events: string[] = [];
  readonly apps: WorkerApps;

  constructor(
    options: Partial<WorkerAppsOptions> & { readonly startedBy?: () => Promise<void> } = {},
  ) {
    const { startedBy, ...rest } = options;
    this.apps = new WorkerApps({
      start: async ({ name, version }) => {
        this.events.push(`start ${name} ${version}`);
        await startedBy?.();
        return this.#running(name);
      },
      onLoaded: (name) => this.events.push(`loaded ${name}`),
      onUnloaded: (name) => this.events.push(`unloaded ${name}`),
      onKept: (name) => this.events.push(`kept ${name}`),
      onFailed: (name, { code }) => this.events.push(`failed ${name} ${code}`),
      ...rest,
    });
  }

  /** For each time that an app was asked and is not done, in order. */
  readonly done: (() => void)[] = [];

  /** Asks and returns how it was settled. */
  ask(name: string): Promise<"asked" | Failure | "too many"> {
    return new Promise((settle) => {
      const asked = ({ done }: LoadedApp): void => {
        this.done.push(done);
        settle("asked");
      };
      const isTaken = this.apps.ask(name, asked, settle);
      if (!isTaken) settle("too many");
    });
  }

  #running(name: string): StartedApp {
    return {
      url: undefined,
      lastRequestMs: undefined,
      exited: undefined,
      handler: () => expect.fail("no event was sent"),
      rest: () => this.events.push(`rest ${name}`),
      reload: async ({ version }) => void this.events.push(`reload ${name} ${version ?? ""}`),
      close: async () => void this.events.push(`close ${name}`),
    };
  }
}

test("an app is loaded when it is asked, once", async () => {
  const noted = new NotedApps();
  noted.apps.know(hosted("a"), false);
  expect(noted.events).toEqual([]);
  expect(await Promise.all([noted.ask("a"), noted.ask("a")])).toEqual(["asked", "asked"]);
  expect(noted.events).toEqual(["start a 1", "loaded a"]);
});

test("what cannot be loaded is refused with the reason, until there is another version", async () => {
  let isBroken = true;
  const noted = new NotedApps({
    startedBy: async () => {
      if (isBroken) throw new WhorlError("malformed", "no component");
    },
  });
  noted.apps.know(hosted("a"), true);
  expect(await noted.ask("a")).toMatchObject({ code: "malformed" });
  expect(await noted.ask("a")).toMatchObject({ code: "malformed" });
  isBroken = false;
  noted.apps.know(hosted("a", 2), true);
  await expect.poll(() => noted.ask("a")).toBe("asked");
  // Each refusal is told: who sent the request may believe that the app is being loaded.
  expect(noted.events).toEqual([
    ...["start a 1", "failed a malformed", "failed a malformed"],
    ...["start a 2", "loaded a"],
  ]);
});

test("what cannot be loaded is tried again after a while", async () => {
  const noted = new NotedApps({
    retryMs: 0,
    startedBy: async () => {
      if (noted.events.length === 1) throw new WhorlError("limit", "no memory");
    },
  });
  noted.apps.know(hosted("a"), false);
  expect(await noted.ask("a")).toMatchObject({ code: "limit" });
  expect(await noted.ask("a")).toBe("asked");
});

test("one that nobody knows is refused", async () => {
  const noted = new NotedApps();
  expect(await noted.ask("nobody")).toMatchObject({ code: "manifest" });
});

test("more than may wait are refused at once", async () => {
  const loading = Promise.withResolvers<void>();
  const noted = new NotedApps({
    bounds: { activeMax: 1, waitingMax: 2 },
    startedBy: () => loading.promise,
  });
  noted.apps.know(hosted("a"), false);
  const answers = [noted.ask("a"), noted.ask("a"), noted.ask("a")];
  expect(await answers[2]).toBe("too many");
  loading.resolve();
  expect(await answers[0]).toBe("asked");
  noted.done.shift()?.();
  expect(await answers[1]).toBe("asked");
});

test("a new version takes over from a loaded one; an older one changes nothing", async () => {
  const noted = new NotedApps();
  noted.apps.know(hosted("a", 2), true);
  await noted.ask("a");
  noted.apps.know(hosted("a", 3), false);
  noted.apps.know(hosted("a", 1), false);
  await expect.poll(() => noted.events).toContain("reload a 3");
  expect(noted.events).not.toContain("reload a 1");
});

test("another runtime config needs another start; the old one ends when it is done", async () => {
  const noted = new NotedApps();
  noted.apps.know(hosted("a", 1, { stores: ["x"] }), true);
  await noted.ask("a");
  noted.apps.know(hosted("a", 2, { stores: ["x"] }), false);
  await expect.poll(() => noted.events).toContain("reload a 2");
  noted.apps.know(hosted("a", 3, { stores: ["y"] }), false);
  await expect.poll(() => noted.events).toContain("close a");
  noted.apps.know(hosted("a", 4, { stores: ["y"] }), false);
  await expect.poll(() => noted.events).toContain("reload a 4");
  expect(noted.events).toEqual([
    ...["start a 1", "loaded a", "reload a 2"],
    ...["start a 3", "close a", "reload a 4"],
  ]);
});

test("a runtime config that cannot be started leaves the app as it was", async () => {
  const noted = new NotedApps({
    startedBy: async () => {
      if (noted.events.length > 1) throw new WhorlError("file", "no such store");
    },
  });
  noted.apps.know(hosted("a", 1, { stores: ["x"] }), true);
  await noted.ask("a");
  noted.apps.know(hosted("a", 2, { stores: ["y"] }), false);
  await expect.poll(() => noted.events).toContain("failed a file");
  expect(await noted.ask("a")).toBe("asked");
  expect(noted.events).not.toContain("close a");
});

test("memory is given back and the app loaded again when it is asked", async () => {
  const noted = new NotedApps();
  noted.apps.know(hosted("a"), true);
  await noted.ask("a");
  noted.apps.unload("a");
  await expect.poll(() => noted.events).toContain("kept a");
  expect(noted.events).not.toContain("close a");
  noted.done.shift()?.();
  noted.apps.unload("a");
  await expect.poll(() => noted.events).toContain("unloaded a");
  expect(await noted.ask("a")).toBe("asked");
  expect(noted.events).toEqual([
    ...["start a 1", "loaded a", "kept a", "close a", "unloaded a"],
    ...["start a 1", "loaded a"],
  ]);
});

test("of what is not there it is said that it is unloaded", async () => {
  const noted = new NotedApps();
  noted.apps.know(hosted("a"), false);
  noted.apps.unload("a");
  await expect.poll(() => noted.events).toEqual(["unloaded a"]);
});

test("instances are given back after a while without requests", async () => {
  const noted = new NotedApps({ quietMs: 1 });
  noted.apps.know(hosted("a"), true);
  await noted.ask("a");
  noted.done.shift()?.();
  await expect.poll(() => noted.events).toContain("rest a");
});

test("an app that is removed is closed, and unknown at once", async () => {
  const noted = new NotedApps();
  noted.apps.know(hosted("a"), true);
  await noted.ask("a");
  noted.apps.remove("a");
  expect(noted.apps.has("a")).toBe(false);
  await expect.poll(() => noted.events).toContain("close a");
});

test("what began with an app that is gone is not counted for the next one of its name", async () => {
  const noted = new NotedApps({ bounds: { activeMax: 1, waitingMax: 1 } });
  noted.apps.know(hosted("a"), true);
  await noted.ask("a");
  noted.apps.remove("a");
  noted.apps.know(hosted("a", 2), true);
  await noted.ask("a");
  noted.done.shift()?.();
  let isAsked = false;
  const second = noted.ask("a").then(() => (isAsked = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isAsked).toBe(false);
  noted.done.shift()?.();
  await second;
});

test("who waited for an app before it was removed is answered", async () => {
  const loading = Promise.withResolvers<void>();
  const noted = new NotedApps({ startedBy: () => loading.promise });
  noted.apps.know(hosted("a"), false);
  const answer = noted.ask("a");
  noted.apps.remove("a");
  loading.resolve();
  expect(await answer).toBe("asked");
  await expect.poll(() => noted.events).toContain("close a");
});
