import { describe, expect, test } from "vitest";
import { diagnose } from "./diagnose.ts";
import type { Purpose } from "./diagnose.ts";
import { findingText } from "./doctor-command.ts";
import type { MachineFacts } from "./facts.ts";

const good: MachineFacts = {
  node: { version: "26.10.0", hasSuspending: true, ffi: { isThere: true } },
  platform: { os: "linux", architecture: "x64" },
  cgroupVersion: 2,
  containerd: { socket: "/run/x.sock", version: "2.1.0", shim: "/bin/containerd-shim-whorl-v1" },
  cluster: {
    kind: "reachable",
    context: "here",
    version: "v1.36.0",
    runtimeClasses: ["wasmtime-spin-v2"],
    hasSpinApps: true,
  },
  registries: [{ host: "reg.example", access: "open", hasCredentials: false }],
};

const laptop: Purpose = { isNode: false, needsCluster: false };
const node: Purpose = { isNode: true, needsCluster: false };
const deployer: Purpose = { isNode: false, needsCluster: true };

test("diagnose of a machine that has everything has nothing to say but ok", () => {
  for (const purpose of [laptop, node, deployer]) {
    const findings = diagnose(good, purpose);
    expect(findings.map(({ state }) => state)).toEqual(findings.map(() => "ok"));
    expect(findings.every(({ advice }) => advice === undefined)).toBe(true);
  }
});

const unreachable = { kind: "unreachable", context: "far", reason: "no answer in 5 s" } as const;
const reachable = { ...good.cluster, kind: "reachable", context: "c", version: "v1" } as const;

describe("diagnose finds", () => {
  test.each<[what: string, facts: Partial<MachineFacts>, purpose: Purpose, expected: string]>([
    ["old Node", { node: { ...good.node, version: "20.1.0" } }, laptop, "missing node"],
    ["no JSPI", { node: { ...good.node, hasSuspending: false } }, laptop, "missing jspi"],
    [
      "no ffi",
      { node: { ...good.node, ffi: { isThere: false, reason: "x" } } },
      laptop,
      "warning ffi",
    ],
    ["macOS", { platform: { os: "darwin", architecture: "arm64" } }, laptop, "warning platform"],
    ["cgroup 1", { cgroupVersion: 1 }, laptop, "note cgroup"],
    ["cgroup 1 on a node", { cgroupVersion: 1 }, node, "warning cgroup"],
    ["no cgroup on a node", { cgroupVersion: undefined }, node, "missing cgroup"],
    ["no containerd", { containerd: undefined }, laptop, "note containerd"],
    ["no containerd on a node", { containerd: undefined }, node, "missing containerd"],
    [
      "no shim on a node",
      { containerd: { socket: "s", version: undefined, shim: undefined } },
      node,
      "missing shim",
    ],
    ["no kubeconfig", { cluster: { kind: "none", reason: "no" } }, laptop, "note kubeconfig"],
    ["no kubeconfig", { cluster: { kind: "none", reason: "no" } }, deployer, "missing kubeconfig"],
    ["a far cluster", { cluster: unreachable }, laptop, "warning kubeconfig"],
    ["a far cluster", { cluster: unreachable }, deployer, "missing kubeconfig"],
    [
      "no runtime class",
      { cluster: { ...reachable, runtimeClasses: [], hasSpinApps: true } },
      deployer,
      "warning runtime class",
    ],
    [
      "no rights",
      { cluster: { ...reachable, runtimeClasses: undefined, hasSpinApps: true } },
      deployer,
      "note runtime class",
    ],
    [
      "no operator",
      { cluster: { ...reachable, runtimeClasses: ["a"], hasSpinApps: false } },
      deployer,
      "warning operator",
    ],
    [
      "a registry that is away",
      { registries: [{ host: "r", access: "failed", reason: "x", hasCredentials: true }] },
      laptop,
      "missing registry r",
    ],
    [
      "a registry that asks",
      { registries: [{ host: "r", access: "login", hasCredentials: false }] },
      laptop,
      "warning registry r",
    ],
  ])("%s: %j", (_what, facts, purpose, expected) => {
    const found = diagnose({ ...good, ...facts }, purpose).filter(({ state }) => state !== "ok");
    expect(found.map(({ state, check }) => `${state} ${check}`)).toEqual([expected]);
    const [finding] = found;
    if (finding?.state === "missing" && finding.check !== "kubeconfig") {
      expect(finding.advice).toBeDefined();
    }
  });
});

test("findingText puts what to do below", () => {
  const finding = { check: "ffi", state: "warning", message: "no", advice: "do" } as const;
  expect(findingText(finding, { hasColors: false })).toBe("warning  ffi: no\n         -> do\n");
  expect(findingText(finding, { hasColors: true })).toContain("\u001b[33mwarning\u001b[39m");
});
