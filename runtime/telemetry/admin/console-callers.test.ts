import { afterEach, beforeEach, expect, test } from "vitest";
import type { AccessVerdict } from "./console-access.ts";
import type { ConsoleEvent } from "./console-api.ts";
import { type ConsoleServer, startConsole } from "./console-server.ts";
import type { ConsoleView } from "./console-view.ts";

/** What those who follow are told beside who it is. */
const news: ConsoleEvent[] = [];

/** A view that says whose it is. */
function viewOf(title: string): ConsoleView {
  const info: ConsoleEvent = {
    event: "info",
    data: {
      ...{ apiVersion: 1, scope: "cluster", title, version: "1", startedMs: 0, nowMs: 0 },
      ...{ sampleEveryMs: 1, samplesKept: 0, requestsKept: 0 },
    },
  };
  return {
    info: () => info.data,
    apps: () => ({ atMs: 0, total: 0, apps: [] }),
    app: () => undefined,
    requests: () => ({ requests: [], next: "0", lost: 0 }),
    request: () => undefined,
    pods: () => ({ nodes: [] }),
    follow: () => {
      const waiting = [info];
      const take = (): ConsoleEvent[] => [...waiting.splice(0), ...news.splice(0)];
      return { take, [Symbol.dispose]: () => undefined };
    },
  };
}

const [anns, bobs] = [viewOf("ann's"), viewOf("bob's")];
let verdicts: Record<string, AccessVerdict>;
let asked: number;
let server: ConsoleServer;
let refused: string[];

beforeEach(async () => {
  asked = 0;
  refused = [];
  verdicts = {
    ann: { kind: "granted", view: anns },
    bob: { kind: "granted", view: bobs },
    anybody: { kind: "granted" },
    later: { kind: "busy", reason: "nobody can say\u001b[2J" },
  };
  server = await startConsole({
    ...{ host: "127.0.0.1", port: 0, view: viewOf("everybody's"), files: new Map() },
    recheckMs: 5,
    authorize: async (token = "") => {
      asked += 1;
      await Promise.resolve();
      return verdicts[token] ?? { kind: "unauthorized", reason: "unknown" };
    },
    onRefused: (message) => refused.push(message),
  });
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

function get(path: string, token: string): Promise<Response> {
  return fetch(server.url + path, { headers: { authorization: `Bearer ${token}` } });
}

test.each([
  ["ann", "ann's"],
  ["bob", "bob's"],
  ["anybody", "everybody's"],
])("%s sees %s", async (token, title) => {
  expect(await (await get("/api/info", token)).json()).toMatchObject({ title });
});

test("who cannot be judged now is asked to come again, and that is told", async () => {
  const response = await get("/api/info", "later");
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: "busy" });
  expect(refused).toEqual([expect.stringContaining("nobody can say\\u001b[2J")]);
});

test.each<[string, AccessVerdict | undefined]>([
  ["is taken away", undefined],
  ["is another one", { kind: "granted", view: bobs }],
])("events end when the right %s", async (_, verdict) => {
  const response = await get("/api/events", "ann");
  if (verdict === undefined) delete verdicts["ann"];
  else verdicts["ann"] = verdict;
  expect(await response.text()).toContain("ann's");
});

test.each<[string, AccessVerdict]>([
  ["the right stays", { kind: "granted", view: anns }],
  ["nobody can say", { kind: "busy", reason: "" }],
])("events go on while %s", async (_, verdict) => {
  const response = await get("/api/events", "ann");
  verdicts["ann"] = verdict;
  const reader = response.body?.getReader();
  await reader?.read();
  for (const before = asked; asked < before + 5;) await new Promise(setImmediate);
  news.push({ event: "failures", data: { failures: [], lost: 7 } });
  const { value } = (await reader?.read()) ?? {};
  expect(new TextDecoder().decode(value)).toContain('"lost":7');
  await reader?.cancel();
});
