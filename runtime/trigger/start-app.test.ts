import { createServer } from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { App, EventTrigger, HttpTrigger } from "../app/app.ts";
import { loadRuntimeConfig } from "../app/load-runtime-config.ts";
import { openEngine } from "./engine.ts";
import type { Engine } from "./engine.ts";
import type { StartedApp } from "./running-app.ts";
import { startApp } from "./start-app.ts";

/** Answers with a text at a route. */
function route(text: string, at = "/"): HttpTrigger {
  const target = { kind: "static", status: 200, headers: [], body: Buffer.from(text) } as const;
  return { id: text, route: at, target };
}

const ofNobody: EventTrigger = {
  ...{ kind: "cron", id: "tick", component: "nobody", expression: "0 0 0 1 1 *" },
};

function app(
  httpTriggers: readonly HttpTrigger[],
  eventTriggers: readonly EventTrigger[] = [],
): App {
  return {
    ...{ name: "test", version: undefined, description: undefined, ociImageDigest: undefined },
    ...{ directory: "/", variables: new Map(), components: new Map(), warnings: [] },
    ...{ httpTriggers, eventTriggers },
  };
}

let engine: Engine;
beforeEach(
  () => void (engine = openEngine({ ...nothingKept, onWarning: (text) => expect.fail(text) })),
);
afterEach(() => engine[Symbol.dispose]());

const nothingKept = { cacheDirectory: undefined, version: "test" };

async function start(first: App, port = 0): Promise<StartedApp> {
  const folders = { workingDirectory: "/", appDirectory: "/" };
  return await startApp(first, {
    listen: { host: "127.0.0.1", port },
    engine,
    runtimeConfig: await loadRuntimeConfig(undefined, folders),
    ...{ environment: [], variables: new Map(), processEnvironment: {} },
    onGuestLine: () => undefined,
    onWarning: () => undefined,
    onError: () => undefined,
  });
}

async function answerOf({ url = "" }: StartedApp): Promise<string> {
  return await (await fetch(url)).text();
}

describe("a version that cannot be started", () => {
  test.each([
    { what: "an event of a component that is not there", next: app([route("2")], [ofNobody]) },
    { what: "a route that is none", next: app([route("2", "/*x/y")]) },
    { what: "both", next: app([route("2", "/*x/y")], [ofNobody]) },
  ])("leaves requests with the one before: $what", async ({ next }) => {
    const running = await start(app([route("1")]));
    await expect(running.reload(next)).rejects.toMatchObject({ code: "manifest" });
    expect(await answerOf(running)).toBe("1");
    await running.reload(app([route("3")]));
    expect(await answerOf(running)).toBe("3");
    await running.close();
  });

  test("keeps no address if it is the first", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as { port: number };
    free.close();
    await once(free, "close");
    await expect(start(app([route("1")], [ofNobody]), port)).rejects.toMatchObject({
      code: "manifest",
    });
    const running = await start(app([route("2")]), port);
    expect(await answerOf(running)).toBe("2");
    await running.close();
  });

  test("keeps no address if it is the first with requests", async () => {
    const running = await start(app([]));
    await expect(running.reload(app([route("1")], [ofNobody]))).rejects.toMatchObject({
      code: "manifest",
    });
    expect(running.url).toBeUndefined();
    await running.close();
  });
});
