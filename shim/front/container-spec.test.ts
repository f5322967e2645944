import { describe, expect, test } from "vitest";
import { parseContainerSpec } from "./container-spec.ts";

function parsed(config: unknown): ReturnType<typeof parseContainerSpec> {
  return parseContainerSpec(Buffer.from(JSON.stringify(config)));
}

test("an empty configuration is a container without anything", () => {
  expect(parsed({})).toEqual({
    args: [],
    environment: [],
    workingDirectory: "/",
    user: { uid: 0, gid: 0 },
    additionalGroups: [],
    oomScoreAdj: 0,
    isRootReadOnly: false,
    mounts: [],
    network: { kind: "host" },
    cgroupPath: undefined,
    resources: {},
    annotations: new Map(),
  });
});

test("what Kubernetes gives is read", () => {
  const spec = parsed({
    process: {
      args: ["/", "x"],
      env: ["A=1=2", "B"],
      cwd: "/work",
      oomScoreAdj: 1000,
      user: { uid: 1, gid: 2, additionalGids: [3, 4] },
    },
    root: { path: "rootfs", readonly: true },
    mounts: [{ destination: "/d", type: "bind", source: "/s", options: ["rbind", "ro"] }],
    annotations: { key: "value" },
    linux: {
      cgroupsPath: "/parent/id",
      namespaces: [{ type: "pid" }, { type: "network", path: "/proc/1/ns/net" }],
      resources: {
        memory: { limit: 1024 },
        cpu: { shares: 2, quota: 5000, period: 10_000 },
        pids: { limit: -1 },
      },
    },
  });
  expect(spec).toMatchObject({
    args: ["/", "x"],
    environment: [
      ["A", "1=2"],
      ["B", ""],
    ],
    workingDirectory: "/work",
    oomScoreAdj: 1000,
    user: { uid: 1, gid: 2 },
    additionalGroups: [3, 4],
    isRootReadOnly: true,
    mounts: [{ destination: "/d", type: "bind", source: "/s", options: ["rbind", "ro"] }],
    network: { kind: "path", path: "/proc/1/ns/net" },
    cgroupPath: "/parent/id",
    annotations: new Map([["key", "value"]]),
  });
  expect(spec.resources).toEqual({
    memoryBytes: 1024,
    cpuShares: 2,
    cpuQuotaUs: 5000,
    cpuPeriodUs: 10_000,
  });
});

test("a network namespace without a path is a new one", () => {
  expect(parsed({ linux: { namespaces: [{ type: "network" }] } }).network).toEqual({ kind: "new" });
});

test.each([
  ["mappings", { uidMappings: [{ containerID: 0, hostID: 65_536, size: 65_536 }] }, true],
  ["mappings of groups alone", { gidMappings: [{ containerID: 0, hostID: 1, size: 1 }] }, true],
  ["an option", { options: ["rbind", "ridmap"] }, true],
  ["no mappings", { uidMappings: [], gidMappings: null, options: ["rbind"] }, undefined],
])("a mount with %s", (_name, fields, isMapped) => {
  const { mounts } = parsed({ mounts: [{ destination: "/d", source: "/s", ...fields }] });
  expect(mounts[0]?.isMapped).toBe(isMapped);
});

describe("what cannot be used is refused, with its place", () => {
  test.each([
    [[], "config.json has to be an object"],
    [{ process: 1 }, "process has to be an object"],
    [{ process: { args: "sh" } }, "process.args has to be a list"],
    [{ process: { args: [1] } }, "process.args has to be a string"],
    [{ process: { user: { uid: "root" } } }, "process.user.uid has to be an integer"],
    [{ process: { user: { uid: 1.5 } } }, "process.user.uid has to be an integer"],
    [{ mounts: {} }, "mounts has to be a list"],
    [{ mounts: [{ destination: "relative" }] }, "mounts.destination has to be an absolute path"],
    [{ mounts: [{ destination: "/d", uidMappings: {} }] }, "mounts.uidMappings has to be a list"],
    [{ annotations: { a: 1 } }, "annotations.a has to be a string"],
    [{ linux: { namespaces: [null] } }, "linux.namespaces has to be an object"],
    [{ linux: { resources: { memory: { limit: "1Gi" } } } }, "memoryBytes has to be an integer"],
  ])("%j", (config, message) => expect(() => parsed(config)).toThrow(message));

  test("no JSON", () => {
    expect(() => parseContainerSpec(Buffer.from("{"))).toThrow("config.json is not JSON");
  });
});
