import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setImmediate, setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MemoryMapper } from "../../runtime/instance/ffi-memory.ts";
import { GuestGuard } from "../../runtime/instance/guest-guard.ts";
import { Watchdog } from "../../runtime/instance/watchdog.ts";
import type { WasiContext } from "../../runtime/wasi/context.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { closedContext, type GuestAnswer, GuestApp, type GuestRequest } from "./guest-app.ts";
import { MemoryRecorder } from "./memory-recorder.ts";
import { Scarcity } from "./scarcity.ts";

const wasmApp = (path: string): string =>
  fileURLToPath(new URL(`../../wasm-apps/${path}`, import.meta.url));
const component = wasmApp("http-rust/http.wasm");
/** Of WASI 0.3. */
const asynchronous = wasmApp("http-async-rust/http-async.wasm");
const requests = 10_000;
const concurrency = 12;
const secret = "TOP-SECRET-";

const watchdog = new Watchdog({ cpuMsMax: 5_000 });
const guard = new GuestGuard({ watchdog, callMsMax: 30_000 });
afterAll(() => watchdog[Symbol.dispose]());

/** Requests that carry secrets into memory. */
const plants: readonly GuestRequest[] = [
  { path: "/echo", method: "POST", body: Buffer.from(`${secret}body `.repeat(500)) },
  { path: `/request?${secret}path`, headers: [["x-secret", `${secret}header`]] },
  { path: "/headers", headers: [["authorization", `${secret}token`]] },
  { path: "/bytes?n=70000" },
  { path: "/sleep?ms=1", headers: [["x-secret", `${secret}sleep`]] },
  { path: "/status?code=204", headers: [["x-secret", `${secret}status`]] },
];

/** Now and then: memory becomes scarce, or the guest leaves in disorder and its instance is lost. */
const disorders: readonly GuestRequest[] = [
  { path: "/memory?mb=3", headers: [["x-secret", `${secret}grown`]] },
  { path: "/trap", headers: [["x-secret", `${secret}trap`]] },
  { path: "/exit?code=1", headers: [["x-secret", `${secret}exit`]] },
  { path: "/silent", headers: [["x-secret", `${secret}silent`]] },
];
const disorderEach = 60;

function plant(index: number): GuestRequest {
  const list = index % disorderEach === 0 ? disorders : plants;
  const turn = index % disorderEach === 0 ? index / disorderEach : index;
  return list[turn % list.length] ?? { path: "/" };
}

/** Runs `work` for the numbers up to `count`, so many at a time. */
async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, run));
}

test.each([
  ["mapped", component, () => MemoryMapper.open(), requests],
  ["mapped, asynchronous", asynchronous, () => MemoryMapper.open(), requests],
  // Slower: each request writes all of the memory.
  ["copied", component, () => null, requests / 10],
])(
  "no memory of an instance holds anything of an earlier request, %s",
  async (_, file, open, count) => {
    using recorder = new MemoryRecorder();
    const mapper = open();
    using app = await GuestApp.load(file, () => closedContext(), { mapper, guard });
    const scarcity = new Scarcity(app.pool);
    let looked = 0;
    await inParallel(count, async (index) => {
      const context = closedContext();
      using lease = recorder.take(app.pool, context);
      expect(recorder.holds(lease, secret)).toBe(false);
      looked++;
      await app.drive(lease.instance, plant(index)).catch(() => undefined);
      scarcity.request();
    });
    expect(looked).toBe(count);
    mapper?.[Symbol.dispose]();
  },
);

test("what grows or is counted begins anew each time", async () => {
  using app = await GuestApp.load(component, () => closedContext(), { guard });
  await inParallel(requests, async (index) => {
    if (index % 100 === 0) {
      const { text } = await app.request({ path: "/memory?mb=2" });
      expect(text).toBe("zero before: true, last byte: 165\n");
    } else {
      expect((await app.request({ path: "/count" })).text).toBe("1\n");
    }
  });
});

test("each request sees its own environment and files", async () => {
  const owners = Array.from({ length: concurrency }, (_, index) => String(index));
  using folder = new TemporaryFolder(
    Object.fromEntries(owners.map((owner) => [`${owner}/name`, `file ${owner}`])),
  );
  using app = await GuestApp.load(component, () => closedContext(), { guard });
  await inParallel(requests, async (index) => {
    const own = index % owners.length;
    const context = contextOf(own, join(folder.path, String(own)));
    using lease = app.pool.take(context);
    const path = index % 2 === 0 ? "/env" : "/file?name=name";
    const { text } = await app.drive(lease.instance, { path });
    expect(text).toBe(index % 2 === 0 ? `OWNER=${own}\n` : `file ${own}`);
  });
});

function contextOf(own: number, hostPath: string): WasiContext {
  const base = closedContext();
  return closedContext({
    cli: { ...base.cli, environment: [["OWNER", String(own)]] },
    filesystem: { preopens: [{ hostPath, guestPath: "/", writable: false }] },
  });
}

let openBefore = 0;
beforeAll(() => void (openBefore = openDescriptors()));

function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/** Of so many requests one is given up in the middle. */
const givenUpEach = 5;
const components = [
  ["of WASI 0.2", component],
  ["of WASI 0.3", asynchronous],
] as const;

test.each(components)(
  "a body that is left unread in the middle is nobody else's, %s",
  async (_, file) => {
    using app = await GuestApp.load(file, () => closedContext(), { guard });
    const scarcity = new Scarcity(app.pool);
    const abandoned: Promise<unknown>[] = [];
    await inParallel(requests, async (index) => {
      if (index % givenUpEach === 0) abandoned.push((await abandonBody(app, index)).outcome);
      const body = Buffer.from(`mine ${index}`);
      const own: GuestAnswer = await app.request({ path: "/echo", method: "POST", body });
      expect(own.text).toBe(`mine ${index}`);
      scarcity.request();
    });
    await Promise.all(abandoned);
  },
);

/** Sends a body without an end; resolves when the instance is given back. */
async function abandonBody(
  app: GuestApp,
  index: number,
): Promise<{ readonly outcome: Promise<unknown> }> {
  const endless = new Readable({ read() {} });
  endless.push(`${secret}${index}`);
  const lease = app.pool.take(closedContext());
  const answer = app.drive(lease.instance, { path: "/echo", method: "POST", body: endless });
  // It never hears the end of its body.
  const outcome = Promise.race([answer.catch(() => undefined), delay(500)]);
  await setImmediate();
  lease[Symbol.dispose]();
  endless.push(`late ${index}`);
  endless.destroy();
  return { outcome };
}

test.each([
  ["of WASI 0.2", component, requests],
  // Slower: what was given up is not used again.
  ["of WASI 0.3", asynchronous, requests / 5],
])("a timer that is left running wakes nobody, %s", async (_, file, count) => {
  using app = await GuestApp.load(file, () => closedContext(), { guard });
  const scarcity = new Scarcity(app.pool);
  await inParallel(count, async (index) => {
    if (index % givenUpEach === 0) {
      const lease = app.pool.take(closedContext());
      app.drive(lease.instance, { path: "/sleep?ms=5" }).catch(() => undefined);
      await setImmediate();
      lease[Symbol.dispose]();
    }
    const { text } = await app.request({ path: `/sleep?ms=${index % 3}` });
    expect(text).toBe(`Slept ${index % 3} ms\n`);
    scarcity.request();
  });
});

test("nothing stays open", () => {
  expect(openDescriptors() - openBefore).toBeLessThan(32);
});
