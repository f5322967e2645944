import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { askApp } from "../ask-app.ts";
import { HostedApps } from "../hosted-apps.ts";
import { wasmApp } from "../whorl-process.ts";

const hello = wasmApp("hello-rust/hello.wasm");
const http = wasmApp("http-rust/http.wasm");
const greeting = "Hello from Whorl\n";

async function statusOf(port: number, app: string, path: string): Promise<number | "broken off"> {
  try {
    return (await askApp(port, app, { path })).status;
  } catch {
    return "broken off";
  }
}

test("a worker that is killed takes its requests with it, and nothing else", async () => {
  await using apps = await HostedApps.open({ workersMin: 2, workersMax: 2 });
  const { host, port } = apps;
  await apps.serve(http, "slow", "other");
  await host.prepared();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  // Idle connections of a worker that is killed go to another one.
  expect((await askApp(port, "other", { agent })).text).toBe(greeting);
  for (let round = 0; round < 3; round++) {
    const asked = statusOf(port, "slow", "/sleep?ms=60000");
    await expect.poll(() => busyWorkers(apps).length, { timeout: 20_000 }).toBe(1);
    const others = Promise.all([1, 2, 3].map(() => statusOf(port, "other", "/sleep?ms=2000")));
    await expect.poll(() => busyWorkers(apps).length, { timeout: 20_000 }).toBe(2);
    const [slow] = busyWorkers(apps).filter(({ connections }) => connections.has("slow"));
    await slow?.terminate();
    expect(await asked).toBe(502);
    expect(await others).toEqual([200, 200, 200]);
    expect((await askApp(port, "slow")).text).toBe(greeting);
    expect((await askApp(port, "other", { agent })).text).toBe(greeting);
  }
  agent.destroy();
});

test("with workers killed at random only what is in flight on them fails", async () => {
  await using apps = await HostedApps.open({ workersMin: 2, workersMax: 2 });
  const { host, port } = apps;
  const names = Array.from({ length: 20 }, (_, index) => `app-${index}`);
  await apps.serve(http, ...names);
  await host.prepared();
  const kills = 4;
  const inFlightMax = 8;
  let isOver = false;
  const failures = new Map<number | string, number>();
  let answers = 0;
  const client = async (first: number): Promise<void> => {
    for (let turn = first; !isOver; turn++) {
      const status = await statusOf(port, names[turn % names.length] ?? "", "/sleep?ms=5");
      if (status === 200) answers++;
      else failures.set(status, (failures.get(status) ?? 0) + 1);
    }
  };
  const clients = Array.from({ length: inFlightMax }, (_, index) => client(index));
  for (let kill = 0; kill < kills; kill++) {
    const before = answers;
    await expect.poll(() => answers, { timeout: 30_000 }).toBeGreaterThan(before + inFlightMax);
    await host.workers[kill % host.workers.length]?.terminate();
  }
  const before = answers;
  await expect.poll(() => answers, { timeout: 30_000 }).toBeGreaterThan(before + names.length);
  isOver = true;
  await Promise.all(clients);
  const lost = failures.values().reduce((sum, count) => sum + count, 0);
  expect(lost).toBeLessThanOrEqual(kills * inFlightMax);
  // An answer that has begun cannot become another one: it is broken off.
  const expected = new Set<number | string>([502, 503, "broken off"]);
  expect([...failures.keys()].filter((each) => !expected.has(each))).toEqual([]);
  for (const name of names) expect((await askApp(port, name)).status).toBe(200);
});

test("a flood on an app that sleeps is answered or refused, and others are served", async () => {
  const guestLimits = { instancesMax: 4 };
  await using apps = await HostedApps.open({ workersMin: 2, workersMax: 2, guestLimits });
  const { port } = apps;
  await apps.serve(http, "flooded", "quiet");
  // Nothing is loaded yet.
  const flood = Array.from({ length: 300 }, () =>
    askApp(port, "flooded", { path: "/sleep?ms=20" }),
  );
  expect((await askApp(port, "quiet")).text).toBe(greeting);
  const answers = await Promise.all(flood);
  const statuses = new Set(answers.map(({ status }) => status));
  expect(statuses).toEqual(new Set([200, 503]));
  for (const { status, headers } of answers) {
    if (status === 503) expect(headers["retry-after"]).toBe("1");
  }
  expect((await askApp(port, "flooded")).text).toBe(greeting);
});

test("a flood on an app that sleeps while no worker is free is answered or refused", async () => {
  const guestLimits = { instancesMax: 4 };
  await using apps = await HostedApps.open({ workersMin: 1, workersMax: 2, guestLimits });
  const { port } = apps;
  await apps.serve(http, "first", "second", "flooded");
  const busy = ["first", "second"].map((app) => askApp(port, app, { path: "/sleep?ms=1500" }));
  await expect.poll(() => busyWorkers(apps).length, { timeout: 20_000 }).toBe(2);
  const flood = Array.from({ length: 300 }, () => askApp(port, "flooded", { path: "/sleep?ms=5" }));
  const statuses = new Set((await Promise.all(flood)).map(({ status }) => status));
  expect(statuses).toContain(200);
  expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
  for (const answer of busy) expect((await answer).text).toBe("Slept 1500 ms\n");
});

test("a client that stops reading holds up nobody but itself", async () => {
  await using apps = await HostedApps.open({ workersMin: 1, workersMax: 1 });
  const { port } = apps;
  await apps.serve(http, "http");
  const length = 64_000_000;
  const asked = request({
    ...{ host: "127.0.0.1", port, path: `/bytes?length=${length}`, agent: false },
    headers: { host: "http.localhost" },
  }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  response.pause();
  const residentBefore = residentBytes();
  for (let count = 0; count < 20; count++) {
    expect((await askApp(port, "http")).text).toBe(greeting);
  }
  // The guest waits: what it has not written is nowhere.
  expect(residentBytes() - residentBefore).toBeLessThan(length / 2);
  let received = 0;
  for await (const chunk of response) received += (chunk as Buffer).length;
  expect(received).toBe(length);
});

test("a guest that never returns does not keep others from being answered", async () => {
  const guestLimits = { cpuMsMax: 1_000 };
  await using apps = await HostedApps.open({ workersMin: 2, workersMax: 2, guestLimits });
  const { host, port } = apps;
  await apps.serve(http, "spins", "lives");
  await host.prepared();
  const spinning = statusOf(port, "spins", "/spin");
  for (let count = 0; count < 20; count++) {
    expect((await askApp(port, "lives")).text).toBe(greeting);
  }
  expect([500, 502, 504]).toContain(await spinning);
  expect((await askApp(port, "spins")).text).toBe(greeting);
});

test("with too little memory apps are loaded when they are asked, and go again", async () => {
  await using apps = await HostedApps.open({ residentBytesMax: 1_000_000 });
  const { host, port } = apps;
  const names = Array.from({ length: 12 }, (_, index) => `app-${index}`);
  await apps.serve(hello, ...names);
  await host.prepared();
  for (let round = 0; round < 2; round++) {
    for (const name of names) expect((await askApp(port, name)).text).toBe(greeting);
  }
  const loaded = (): number => names.filter((name) => isLoaded(apps, name)).length;
  await expect.poll(loaded, { timeout: 20_000 }).toBeLessThan(names.length);
});

test("a signal to end lets requests finish and refuses new ones", async () => {
  await using apps = await HostedApps.open();
  const { host, port } = apps;
  await apps.serve(http, "http");
  const asked = askApp(port, "http", { path: "/sleep?ms=500" });
  await expect.poll(() => busyWorkers(apps).length, { timeout: 20_000 }).toBe(1);
  const closed = host.close();
  expect((await asked).text).toBe("Slept 500 ms\n");
  await closed;
  await expect(askApp(port, "http")).rejects.toThrow(/ECONNREFUSED/);
});

function busyWorkers({ host }: HostedApps): typeof host.workers {
  return host.workers.filter(({ active }) => active > 0);
}

function isLoaded({ host }: HostedApps, app: string): boolean {
  return host.workers.some((worker) => worker.hasLoaded(app));
}

function residentBytes(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
