import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestFolder } from "../test-folder.ts";
import { whorl } from "../../proto/gen/wire.js";
import { cgroupFolder, openCgroup, removeEmptyCgroups, usageStats } from "./cgroup.ts";

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder({});
});

afterEach(() => folder[Symbol.dispose]());

test.each([
  ["/kubepods/pod1/id", "/kubepods/pod1/id"],
  ["relative/id", "/relative/id"],
  ["../../escape", "/escape"],
  ["system.slice:cri-containerd:id", "/system.slice/cri-containerd-id.scope"],
  [
    "kubepods-burstable-pod1.slice:cri:id",
    "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-id.scope",
  ],
])("%s is %s", (path, expected) => expect(cgroupFolder(path)).toBe(expected));

describe("version 1", () => {
  const path = (controller: string, file: string): string =>
    folder.file(`${controller}/pod/id/${file}`);

  beforeEach(() => {
    for (const name of ["cpu", "cpuacct", "memory", "pids", "freezer"]) {
      mkdirSync(folder.file(name));
    }
  });

  test("limits are written to their controllers", () => {
    openCgroup("/pod/id", folder.path).limit({ memoryBytes: 5, cpuQuotaUs: 7, cpuPeriodUs: 9 });
    expect(readFileSync(path("memory", "memory.limit_in_bytes"), "utf8")).toBe("5");
    expect(readFileSync(path("cpu", "cpu.cfs_quota_us"), "utf8")).toBe("7");
    expect(readFileSync(path("cpu", "cpu.cfs_period_us"), "utf8")).toBe("9");
    expect(existsSync(path("pids", "pids.max"))).toBe(false);
  });

  test("statistics", () => {
    const cgroup = openCgroup("/pod/id", folder.path);
    const files = {
      "memory/memory.usage_in_bytes": "1000\n",
      "memory/memory.limit_in_bytes": "9223372036854771712\n",
      "memory/memory.stat": "cache 1\nrss 2\ntotal_inactive_file 300\n",
      "cpuacct/cpuacct.usage": "123456789\n",
      "cpuacct/cpuacct.stat": "user 3\nsystem 4\n",
      "pids/pids.current": "7\n",
      "pids/pids.max": "max\n",
    };
    for (const [name, text] of Object.entries(files)) {
      const [controller = "", file = ""] = name.split("/");
      writeFileSync(path(controller, file), text);
    }
    const { typeUrl, value } = cgroup.stats();
    expect(typeUrl).toBe("io.containerd.cgroups.v1.Metrics");
    expect(whorl.cgroups.MetricsV1.decode(value)).toMatchObject({
      pids: { current: 7 },
      cpu: { usage: { total: 123_456_789, user: 30_000_000, kernel: 40_000_000 } },
      memory: { totalInactiveFile: 300, usage: { usage: 1000 } },
    });
  });

  test("a process that the kernel ended for its memory", () => {
    const cgroup = openCgroup("/pod/id", folder.path);
    expect(cgroup.outOfMemoryKills()).toBe(0);
    writeFileSync(path("memory", "memory.oom_control"), "under_oom 0\noom_kill 2\n");
    expect(cgroup.outOfMemoryKills()).toBe(2);
  });
});

describe("version 2", () => {
  const path = (file: string): string => folder.file(join("pod/id", file));

  beforeEach(() => writeFileSync(folder.file("cgroup.controllers"), "cpu memory pids\n"));

  test("limits, on version 2's scales", () => {
    openCgroup("/pod/id", folder.path).limit({ memoryBytes: 5, cpuShares: 1024, cpuQuotaUs: 7 });
    expect(readFileSync(path("memory.max"), "utf8")).toBe("5");
    expect(readFileSync(path("cpu.weight"), "utf8")).toBe("39");
    expect(readFileSync(path("cpu.max"), "utf8")).toBe("7 100000");
  });

  test("statistics", () => {
    const cgroup = openCgroup("/pod/id", folder.path);
    writeFileSync(path("cpu.stat"), "usage_usec 10\nuser_usec 6\nsystem_usec 4\n");
    writeFileSync(path("memory.current"), "1000\n");
    writeFileSync(path("memory.stat"), "anon 1\ninactive_file 300\n");
    writeFileSync(path("memory.max"), "max\n");
    const { typeUrl, value } = cgroup.stats();
    expect(typeUrl).toBe("io.containerd.cgroups.v2.Metrics");
    expect(whorl.cgroups.MetricsV2.decode(value)).toMatchObject({
      cpu: { usageUsec: 10, userUsec: 6, systemUsec: 4 },
      memory: { inactiveFile: 300, usage: 1000, usageLimit: Number.MAX_SAFE_INTEGER },
    });
  });
});

test("what others have left beside a cgroup is removed, unless somebody is in it", () => {
  writeFileSync(folder.file("cgroup.controllers"), "");
  for (const name of ["k/x-left", "k/x-used", "k/other", "x-above"]) {
    mkdirSync(folder.file(name), { recursive: true });
  }
  // As a process does, a file keeps a folder from being removed.
  writeFileSync(folder.file("k/x-used/cgroup.procs"), "");
  removeEmptyCgroups("/k/x-new", "x-", folder.path);
  expect(existsSync(folder.file("k/x-left"))).toBe(false);
  for (const name of ["k/x-used", "k/other", "x-above"]) {
    expect(existsSync(folder.file(name)), name).toBe(true);
  }
  removeEmptyCgroups("/nothing/x-new", "x-", folder.path);
});

test("statistics of a container without a cgroup of its own", () => {
  const { typeUrl, value } = usageStats({ cpuMicros: 12, memoryBytes: 34 });
  expect(typeUrl).toBe("io.containerd.cgroups.v2.Metrics");
  const { cpu, memory } = whorl.cgroups.MetricsV2.decode(value);
  expect([Number(cpu?.usageUsec), Number(memory?.usage)]).toEqual([12, 34]);
});
