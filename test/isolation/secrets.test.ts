import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
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

const component = fileURLToPath(new URL("../../wasm-apps/http-rust/http.wasm", import.meta.url));
const requests = 10_000;
const concurrency = 12;
const secret = "TOP-SECRET-";

const watchdog = new Watchdog({ cpuMsMax: 5_000 });
const guard = new GuestGuard({ watchdog, callMsMax: 30_000 });
afterAll(() => watchdog[Symbol.dispose]());

/** Carries secrets into memory, and leaves the guest in all sorts of ways. */
const plants: readonly GuestRequest[] = [
  { path: "/echo", method: "POST", body: Buffer.from(`${secret}body `.repeat(500)) },
  { path: `/request?${secret}path`, headers: [["x-secret", `${secret}header`]] },
  { path: "/headers", headers: [["authorization", `${secret}token`]] },
  { path: "/memory?mb=3" },
  { path: "/bytes?n=70000" },
  { path: "/trap", headers: [["x-secret", `${secret}trap`]] },
  { path: "/exit?code=1", headers: [["x-secret", `${secret}exit`]] },
  { path: "/silent", headers: [["x-secret", `${secret}silent`]] },
  { path: "/sleep?ms=1", headers: [["x-secret", `${secret}sleep`]] },
  { path: "/status?code=204", headers: [["x-secret", `${secret}status`]] },
];

/** Runs `work` for the numbers up to `count`, so many at a time. */
async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, run));
}

test.each([
  ["mapped", () => MemoryMapper.open()],
  ["copied", () => null],
])("no memory of an instance holds anything of an earlier request, %s", async (_way, open) => {
  using recorder = new MemoryRecorder();
  const mapper = open();
  using app = await GuestApp.load(component, () => closedContext(), { mapper, guard });
  let looked = 0;
  await inParallel(requests, async (index) => {
    const context = closedContext();
    using lease = recorder.take(app.pool, context);
    expect(recorder.holds(lease, secret)).toBe(false);
    looked++;
    const plant = plants[index % plants.length] ?? { path: "/" };
    await app.drive(lease.instance, plant).catch(() => undefined);
  });
  expect(looked).toBe(requests);
  mapper?.[Symbol.dispose]();
});

test("what grows or is counted begins anew each time", async () => {
  using app = await GuestApp.load(component, () => closedContext(), { guard });
  await inParallel(requests, async (index) => {
    if (index % 7 === 0) {
      const { text } = await app.request({ path: "/memory?mb=2" });
      expect(text).toBe("zero before: true, last byte: 165\n");
    } else {
      expect((await app.request({ path: "/count" })).text).toBe("1\n");
    }
  });
});

test("each request sees its own environment and files", async () => {
  using folder = new TemporaryFolder();
  const directories = Array.from({ length: concurrency }, (_, index) => {
    const hostPath = join(folder.path, String(index));
    mkdirSync(hostPath);
    writeFileSync(join(hostPath, "name"), `file ${index}`);
    return hostPath;
  });
  using app = await GuestApp.load(component, () => closedContext(), { guard });
  await inParallel(requests, async (index) => {
    const own = index % directories.length;
    const context = contextOf(own, directories[own] ?? "");
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

test("a body that is left unread in the middle is nobody else's", async () => {
  using app = await GuestApp.load(component, () => closedContext(), { guard });
  const abandoned: Promise<unknown>[] = [];
  await inParallel(requests / 10, async (index) => {
    const endless = new Readable({ read() {} });
    endless.push(`${secret}${index}`);
    const lease = app.pool.take(closedContext());
    const request = { path: "/echo", method: "POST", body: endless };
    const answer = app.drive(lease.instance, request);
    // It never hears the end of its body.
    abandoned.push(Promise.race([answer.catch(() => undefined), delay(500)]));
    await setImmediate();
    lease[Symbol.dispose]();
    endless.push(`late ${index}`);
    endless.destroy();
    const body = Buffer.from(`mine ${index}`);
    const own: GuestAnswer = await app.request({ path: "/echo", method: "POST", body });
    expect(own.text).toBe(`mine ${index}`);
  });
  await Promise.all(abandoned);
});

test("a timer that is left running wakes nobody", async () => {
  using app = await GuestApp.load(component, () => closedContext(), { guard });
  await inParallel(requests / 10, async (index) => {
    const lease = app.pool.take(closedContext());
    app.drive(lease.instance, { path: "/sleep?ms=5" }).catch(() => undefined);
    await setImmediate();
    lease[Symbol.dispose]();
    const { text } = await app.request({ path: `/sleep?ms=${index % 3}` });
    expect(text).toBe(`Slept ${index % 3} ms\n`);
  });
});

test("nothing stays open", () => {
  expect(openDescriptors() - openBefore).toBeLessThan(32);
});
