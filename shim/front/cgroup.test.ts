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

  const cpuStat = `usage_usec 1846302
user_usec 1203111
system_usec 643191
nice_usec 0
core_sched.force_idle_usec 0
nr_periods 41
nr_throttled 3
throttled_usec 120998
nr_bursts 0
burst_usec 0
`;
  const memoryStat = `anon 41906176
file 6553600
kernel 1597440
kernel_stack 229376
inactive_anon 41861120
active_anon 45056
inactive_file 6201344
active_file 352256
pgfault 18021
pgmajfault 12
`;
  const nothing = { usage: 0, usageLimit: 0, inactiveFile: 0 };
  test.each([
    {
      name: "everything is counted",
      files: {
        "cpu.stat": cpuStat,
        "memory.stat": memoryStat,
        "memory.current": "50331648\n",
        "memory.max": "134217728\n",
        "pids.current": "23\n",
        "pids.max": "4194304\n",
      },
      expected: {
        cpu: { usageUsec: 1_846_302, userUsec: 1_203_111, systemUsec: 643_191 },
        memory: {
          ...{ anon: 41_906_176, file: 6_553_600, inactiveFile: 6_201_344 },
          ...{ pgfault: 18_021, pgmajfault: 12, usage: 50_331_648, usageLimit: 134_217_728 },
        },
        pids: { current: 23, limit: 4_194_304 },
      },
    },
    {
      name: "no controller is on: the kernel counts time all the same",
      files: { "cpu.stat": "usage_usec 9\nuser_usec 5\nsystem_usec 4\n" },
      expected: { cpu: { usageUsec: 9 }, memory: nothing, pids: { current: 0, limit: 0 } },
    },
    {
      name: "it is just being removed",
      files: {},
      expected: { cpu: { usageUsec: 0 }, memory: nothing, pids: { current: 0, limit: 0 } },
    },
  ])("statistics as the kernel writes them: $name", ({ files, expected }) => {
    const cgroup = openCgroup("/pod/id", folder.path);
    for (const [name, text] of Object.entries(files)) writeFileSync(path(name), text);
    expect(whorl.cgroups.MetricsV2.decode(cgroup.stats().value)).toMatchObject(expected);
  });

  test("a process that the kernel ended for its memory", () => {
    const cgroup = openCgroup("/pod/id", folder.path);
    expect(cgroup.outOfMemoryKills()).toBe(0);
    writeFileSync(path("memory.events"), "low 0\nhigh 0\nmax 94\noom 2\noom_kill 2\n");
    expect(cgroup.outOfMemoryKills()).toBe(2);
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
