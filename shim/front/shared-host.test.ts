import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HostCommand } from "../host/protocol.ts";
import { shimLimits } from "../limits.ts";
import type { Cgroup } from "./cgroup.ts";
import type { FrontKernel } from "./front-kernel.ts";
import type { HostListener } from "./host-process.ts";
import { SharedHost, type SharedHostState } from "./shared-host.ts";

let sent: HostCommand[];
let isKilled: boolean;
let process: HostListener;
let told: string[];
let shares: number | undefined;
const removed = Promise.resolve();

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  isKilled = false;
  told = [];
});

afterEach(() => void vi.useRealTimers());

function newHost(adopted?: SharedHostState): SharedHost {
  const options = {
    process: {
      // Without one nothing of the machine is touched.
      pid: undefined,
      listen: (listener: HostListener) => void (process = listener),
      send: (command: HostCommand) => void sent.push(command),
      pass: () => undefined,
      kill: () => void (isKilled = true),
      handOver: () => ({ pid: 5, channel: 6, passing: 7 }),
    },
    kernel: {} as FrontKernel,
    id: 1_900_000_000,
    cgroupPath: "/kubepods/whorl-ns-shop-5",
    openCgroup: () =>
      ({ limit: ({ cpuShares }) => void (shares = cpuShares), remove: () => removed }) as Cgroup,
    log: (message: string) => void told.push(message),
    onEmpty: () => void told.push("empty"),
  };
  return new SharedHost(options, adopted);
}

function sit(host: SharedHost, name: string, known?: string): string {
  const listener = {
    onReport: ({ kind }: { readonly kind: string }) => void told.push(`${name}: ${kind}`),
    onHostEnd: (status: number) => void told.push(`${name}: host ended with ${status}`),
    cpuShares: 2,
    oomScoreAdj: 0,
  };
  return host.sit(listener, known);
}

test("is made one that may be shared, once", () => {
  newHost();
  expect(sent).toEqual([{ kind: "share", spec: { uid: 1_900_000_000, gid: 1_900_000_000 } }]);
});

test("each seat hears what is said of it, until it is left", () => {
  const host = newHost();
  const [first, second] = [sit(host, "first"), sit(host, "second")];
  expect(first).not.toBe(second);
  process.onReport({ kind: "seat", seat: second, report: { kind: "prepared" } });
  host.leave(second);
  process.onReport({ kind: "seat", seat: second, report: { kind: "prepared" } });
  process.onReport({ kind: "seat", seat: "99", report: { kind: "prepared" } });
  expect(told).toEqual(["second: prepared"]);
  host.leave(first);
  expect(told).toEqual(["second: prepared", "empty"]);
});

test("has the share of its seats, and while one starts no less than a process of the node", () => {
  const host = newHost();
  sit(host, "first");
  vi.advanceTimersByTime(shimLimits.startShareMs - 1);
  sit(host, "second");
  expect(shares).toBe(shimLimits.startCpuShares);
  vi.advanceTimersByTime(shimLimits.startShareMs - 1);
  expect(shares).toBe(shimLimits.startCpuShares);
  vi.advanceTimersByTime(1);
  expect(shares).toBe(4);
});

test("a seat that an earlier front gave does not start", () => {
  sit(newHost(), "first", "7");
  expect(shares).toBe(2);
});

test("at its end every seat is told, and nothing is heard any more", async () => {
  const host = newHost();
  const seat = sit(host, "only");
  process.onEnd(139);
  expect(told).toEqual([
    "a host process of 1 containers ended with 139",
    "only: host ended with 139",
    "empty",
  ]);
  process.onReport({ kind: "seat", seat, report: { kind: "prepared" } });
  expect(told).toHaveLength(3);
  expect(host.hasEnded).toBe(true);
  await expect(host.view).rejects.toThrow("has ended");
});

test("one that does not answer what it is told is ended", () => {
  const host = newHost();
  host.send(sit(host, "only"), { kind: "drain" });
  expect(sent.map(({ kind }) => kind)).toEqual(["share", "seat", "ping"]);
  vi.advanceTimersByTime(shimLimits.silentHostMsMax - 1);
  expect(isKilled).toBe(false);
  vi.advanceTimersByTime(1);
  expect(isKilled).toBe(true);
  expect(told).toEqual(["a host process of 1 containers does not answer and is ended"]);
});

test("one that answers in time goes on, and is asked again with what it is told next", () => {
  const host = newHost();
  const seat = sit(host, "only");
  host.send(seat, { kind: "serve" });
  host.send(seat, { kind: "measure" });
  process.onReport({ kind: "alive" });
  vi.advanceTimersByTime(shimLimits.silentHostMsMax * 2);
  expect(isKilled).toBe(false);
  host.send(seat, { kind: "drain" });
  const kinds = sent.map(({ kind }) => kind);
  expect(kinds).toEqual(["share", "seat", "ping", "seat", "seat", "ping"]);
});

test("what is handed over is gone on with", () => {
  const host = newHost();
  sit(host, "first");
  const state = host.handOver();
  expect(JSON.parse(JSON.stringify(state))).toEqual({
    process: { pid: 5, channel: 6, passing: 7 },
    id: 1_900_000_000,
    cgroupPath: "/kubepods/whorl-ns-shop-5",
    isShared: false,
    images: [],
    nextSeat: 1,
  });
  sent = [];
  const next = newHost(state);
  expect(sent).toEqual([]);
  expect([sit(next, "first", "1"), sit(next, "second")]).toEqual(["1", "2"]);
});
