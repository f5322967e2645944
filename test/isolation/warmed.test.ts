import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { MemoryMapper } from "../../runtime/instance/ffi-memory.ts";
import { GuestGuard } from "../../runtime/instance/guest-guard.ts";
import { Watchdog } from "../../runtime/instance/watchdog.ts";
import type { WasiContext } from "../../runtime/wasi/context.ts";
import { BufferOutputStream } from "../../runtime/wasi/io/memory-streams.ts";
import { closedContext, GuestApp, type GuestRequest } from "./guest-app.ts";
import { MemoryRecorder } from "./memory-recorder.ts";

const component = fileURLToPath(new URL("../../wasm-apps/http-rust/http.wasm", import.meta.url));
const secret = "TOP-SECRET-";
const concurrency = 8;
const watchdog = new Watchdog({ cpuMsMax: 5_000 });
const guard = new GuestGuard({ watchdog, callMsMax: 30_000 });
afterAll(() => watchdog[Symbol.dispose]());

/** Answers, growth, output and streams of the warm-up: all of it is in the snapshot. */
const warmUp: readonly GuestRequest[] = [
  { path: "/count" },
  { path: "/memory?mb=2" },
  { path: "/log" },
  { path: "/echo", method: "POST", body: Buffer.from("of the warm-up ".repeat(1000)) },
];

const plants: readonly GuestRequest[] = [
  { path: "/echo", method: "POST", body: Buffer.from(`${secret}body `.repeat(500)) },
  { path: `/request?${secret}path`, headers: [["x-secret", `${secret}header`]] },
  { path: "/memory?mb=3", headers: [["x-secret", `${secret}grown`]] },
  { path: "/log", headers: [["authorization", `${secret}token`]] },
  { path: "/trap", headers: [["x-secret", `${secret}trap`]] },
];

async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, run));
}

test.each([
  ["mapped", () => MemoryMapper.open(), 1500],
  // Slower: each request writes all of the memory.
  ["copied", () => null, 300],
])("a warmed up instance holds nothing of an earlier request, %s", async (_, open, count) => {
  using recorder = new MemoryRecorder();
  const mapper = open();
  using app = await GuestApp.load(component, () => closedContext(), { mapper, guard });
  expect(await app.warmUp(warmUp)).toEqual({ warmth: { kind: "warm" }, asked: [] });
  // The recorder was not asked for that one.
  app.pool.trim();
  const counted = `${warmUp.length + 1}\n`;
  await inParallel(count, async (index) => {
    using lease = recorder.take(app.pool, closedContext());
    expect(recorder.holds(lease, secret)).toBe(false);
    // Every request counts, those of the warm-up as well.
    if (index % 7 === 0) {
      expect((await app.drive(lease.instance, { path: "/count" })).text).toBe(counted);
    }
    const plant = plants[index % plants.length] ?? { path: "/" };
    await app.drive(lease.instance, plant).catch(() => undefined);
  });
  mapper?.[Symbol.dispose]();
});

test("each request writes to its own stdout and stderr, whose handles the warm-up had", async () => {
  using app = await GuestApp.load(component, () => closedContext(), { guard });
  const { warmth } = await app.warmUp(warmUp);
  expect(warmth).toEqual({ kind: "warm" });
  const whole = {
    stdout: "a line for stdout\nno newline at the end",
    stderr: "a line for stderr\n",
  };
  await inParallel(1000, async (index) => {
    const own = { stdout: new BufferOutputStream(), stderr: new BufferOutputStream() };
    using lease = app.pool.take(writingTo(own));
    if (index % 2 === 0) await app.drive(lease.instance, { path: "/log" });
    else await app.drive(lease.instance, { path: "/sleep?ms=1" });
    const text = (stream: BufferOutputStream): string => Buffer.from(stream.bytes()).toString();
    const written = { stdout: text(own.stdout), stderr: text(own.stderr) };
    expect(written).toEqual(index % 2 === 0 ? whole : { stdout: "", stderr: "" });
  });
});

function writingTo(own: {
  readonly stdout: BufferOutputStream;
  readonly stderr: BufferOutputStream;
}): WasiContext {
  const base = closedContext();
  const cli = { ...base.cli, stdout: () => own.stdout, stderr: () => own.stderr };
  return closedContext({ cli });
}
