import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { whorl } from "../../proto/gen/wire.js";
import type { SpecResources } from "./container-spec.ts";

/** Statistics as containerd takes them: a google.protobuf.Any. */
export interface CgroupStats {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** The cgroup of one container, the same for both versions of the kernel's interface. */
export interface Cgroup {
  /** Moves a process with all its threads. */
  add(pid: number): void;
  limit(resources: SpecResources): void;
  freeze(frozen: boolean): void;
  stats(): CgroupStats;
  pids(): number[];
  /** How often the kernel ended a process because of the memory limit. */
  outOfMemoryKills(): number;
  /** Ends every process in it, then removes it. Settles when it is gone, or after two seconds. */
  remove(): Promise<void>;
}

const mountPoint = "/sys/fs/cgroup";

/** Finds or makes the cgroup of a container. `path` as in `linux.cgroupsPath`. */
export function openCgroup(path: string, root: string = mountPoint): Cgroup {
  const folder = cgroupFolder(path);
  const isVersion2 = existsSync(join(root, "cgroup.controllers"));
  return isVersion2 ? new CgroupV2(root, folder) : new CgroupV1(root, folder);
}

/** Folder below a hierarchy; `slice:prefix:name` is how systemd's driver writes it. */
export function cgroupFolder(path: string): string {
  const [slice, prefix, name, ...rest] = path.split(":");
  if (slice === undefined || prefix === undefined || name === undefined || rest.length > 0) {
    return join("/", path);
  }
  const stem = slice.replace(/\.slice$/, "");
  const parts = stem.split("-");
  const folders = parts.map((_part, index) => `${parts.slice(0, index + 1).join("-")}.slice`);
  return join("/", ...folders, prefix === "" ? name : `${prefix}-${name}.scope`);
}

/** Folders of a container's cgroup, whether they are there or not. */
export function cgroupFolders(path: string, root: string = mountPoint): readonly string[] {
  const folder = cgroupFolder(path);
  if (existsSync(join(root, "cgroup.controllers"))) return [join(root, folder)];
  return controllers
    .filter((controller) => existsSync(join(root, controller)))
    .map((controller) => join(root, controller, folder));
}

/**
 * Removes the cgroups beside this one whose names begin with `prefix` and that nobody is in: what a
 * front that was killed has left.
 */
export function removeEmptyCgroups(path: string, prefix: string, root: string = mountPoint): void {
  const parent = dirname(cgroupFolder(path));
  const isVersion2 = existsSync(join(root, "cgroup.controllers"));
  for (const controller of isVersion2 ? [""] : controllers) {
    const folder = join(root, controller, parent);
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)) {
      // The kernel does not remove one that has processes.
      if (name.startsWith(prefix)) tryToRemove(join(folder, name));
    }
  }
}

const controllers = ["cpu", "cpuacct", "memory", "pids", "freezer"] as const;

class CgroupV1 implements Cgroup {
  readonly #folders = new Map<string, string>();

  constructor(root: string, folder: string) {
    for (const controller of controllers) {
      if (!existsSync(join(root, controller))) continue;
      const path = join(root, controller, folder);
      mkdirSync(path, { recursive: true });
      this.#folders.set(controller, path);
    }
  }

  add(pid: number): void {
    for (const path of this.#folders.values()) writeText(join(path, "cgroup.procs"), pid);
  }

  limit({ memoryBytes, cpuShares, cpuQuotaUs, cpuPeriodUs, pids }: SpecResources): void {
    this.#write("memory", "memory.limit_in_bytes", memoryBytes);
    this.#write("cpu", "cpu.shares", cpuShares);
    this.#write("cpu", "cpu.cfs_period_us", cpuPeriodUs);
    this.#write("cpu", "cpu.cfs_quota_us", cpuQuotaUs);
    this.#write("pids", "pids.max", pids);
  }

  freeze(frozen: boolean): void {
    const path = this.#folders.get("freezer");
    if (path !== undefined) writeText(join(path, "freezer.state"), frozen ? "FROZEN" : "THAWED");
  }

  stats(): CgroupStats {
    const memory = keyedNumbers(this.#read("memory", "memory.stat"));
    const cpu = keyedNumbers(this.#read("cpuacct", "cpuacct.stat"));
    const number = (controller: string, file: string): number =>
      toNumber(this.#read(controller, file));
    const value = whorl.cgroups.MetricsV1.encode({
      pids: { current: number("pids", "pids.current"), limit: number("pids", "pids.max") },
      cpu: {
        usage: {
          total: number("cpuacct", "cpuacct.usage"),
          kernel: (cpu.get("system") ?? 0) * nsPerTick,
          user: (cpu.get("user") ?? 0) * nsPerTick,
        },
      },
      memory: {
        cache: memory.get("cache") ?? 0,
        rss: memory.get("rss") ?? 0,
        pgFault: memory.get("pgfault") ?? 0,
        pgMajFault: memory.get("pgmajfault") ?? 0,
        totalRss: memory.get("total_rss") ?? 0,
        totalInactiveFile: memory.get("total_inactive_file") ?? 0,
        usage: {
          limit: number("memory", "memory.limit_in_bytes"),
          usage: number("memory", "memory.usage_in_bytes"),
          max: number("memory", "memory.max_usage_in_bytes"),
          failcnt: number("memory", "memory.failcnt"),
        },
      },
    }).finish();
    return { typeUrl: "io.containerd.cgroups.v1.Metrics", value };
  }

  pids(): number[] {
    const [path] = this.#folders.values();
    return path === undefined ? [] : pidsIn(path);
  }

  outOfMemoryKills(): number {
    return keyedNumbers(this.#read("memory", "memory.oom_control")).get("oom_kill") ?? 0;
  }

  async remove(): Promise<void> {
    const freezer = this.#folders.get("freezer");
    // What is frozen does not end.
    if (freezer !== undefined) tryToWrite(join(freezer, "freezer.state"), "THAWED");
    await removeFolders([...this.#folders.values()]);
  }

  #read(controller: string, file: string): string {
    const path = this.#folders.get(controller);
    return path === undefined ? "" : readText(join(path, file));
  }

  #write(controller: string, file: string, value: number | undefined): void {
    const path = this.#folders.get(controller);
    if (path !== undefined && value !== undefined) writeText(join(path, file), value);
  }
}

class CgroupV2 implements Cgroup {
  readonly #path: string;

  constructor(root: string, folder: string) {
    this.#path = join(root, folder);
    mkdirSync(this.#path, { recursive: true });
    // From the top down every level has to hand the controllers on.
    let level = root;
    for (const name of folder.split("/").filter((part) => part !== "")) {
      for (const controller of ["cpu", "memory", "pids"]) {
        tryToWrite(join(level, "cgroup.subtree_control"), `+${controller}`);
      }
      level = join(level, name);
    }
  }

  add(pid: number): void {
    writeText(join(this.#path, "cgroup.procs"), pid);
  }

  limit({ memoryBytes, cpuShares, cpuQuotaUs, cpuPeriodUs, pids }: SpecResources): void {
    if (memoryBytes !== undefined) writeText(join(this.#path, "memory.max"), memoryBytes);
    if (pids !== undefined) writeText(join(this.#path, "pids.max"), pids);
    if (cpuShares !== undefined) {
      writeText(join(this.#path, "cpu.weight"), sharesToWeight(cpuShares));
    }
    if (cpuQuotaUs === undefined && cpuPeriodUs === undefined) return;
    const quota = cpuQuotaUs ?? "max";
    writeText(join(this.#path, "cpu.max"), `${quota} ${cpuPeriodUs ?? defaultPeriodUs}`);
  }

  freeze(frozen: boolean): void {
    writeText(join(this.#path, "cgroup.freeze"), frozen ? 1 : 0);
  }

  stats(): CgroupStats {
    const cpu = keyedNumbers(this.#read("cpu.stat"));
    const memory = keyedNumbers(this.#read("memory.stat"));
    const value = whorl.cgroups.MetricsV2.encode({
      pids: {
        current: toNumber(this.#read("pids.current")),
        limit: toNumber(this.#read("pids.max")),
      },
      cpu: {
        usageUsec: cpu.get("usage_usec") ?? 0,
        userUsec: cpu.get("user_usec") ?? 0,
        systemUsec: cpu.get("system_usec") ?? 0,
      },
      memory: {
        anon: memory.get("anon") ?? 0,
        file: memory.get("file") ?? 0,
        inactiveFile: memory.get("inactive_file") ?? 0,
        pgfault: memory.get("pgfault") ?? 0,
        pgmajfault: memory.get("pgmajfault") ?? 0,
        usage: toNumber(this.#read("memory.current")),
        usageLimit: toNumber(this.#read("memory.max")),
      },
    }).finish();
    return { typeUrl: "io.containerd.cgroups.v2.Metrics", value };
  }

  pids(): number[] {
    return pidsIn(this.#path);
  }

  outOfMemoryKills(): number {
    return keyedNumbers(this.#read("memory.events")).get("oom_kill") ?? 0;
  }

  async remove(): Promise<void> {
    await removeFolders([this.#path]);
  }

  #read(file: string): string {
    return readText(join(this.#path, file));
  }
}

/** As if a cgroup had counted it: for a container that shares its process. */
export function usageStats(usage: {
  readonly cpuMicros: number;
  readonly memoryBytes: number;
}): CgroupStats {
  const { cpuMicros: usageUsec, memoryBytes } = usage;
  const value = whorl.cgroups.MetricsV2.encode({
    pids: { current: 1 },
    cpu: { usageUsec, userUsec: usageUsec },
    memory: { anon: memoryBytes, usage: memoryBytes },
  }).finish();
  return { typeUrl: "io.containerd.cgroups.v2.Metrics", value };
}

/** cpuacct.stat counts in USER_HZ, which Linux fixes at 100 towards programs. */
const nsPerTick = 10_000_000;
const defaultPeriodUs = 100_000;

/** cpu.shares (2..262144) on the scale of cpu.weight (1..10000). */
function sharesToWeight(shares: number): number {
  const clamped = Math.min(Math.max(shares, 2), 262_144);
  return 1 + Math.floor(((clamped - 2) * 9999) / 262_142);
}

/** Lines of `name number`. */
function keyedNumbers(text: string): ReadonlyMap<string, number> {
  return new Map(
    text.split("\n").flatMap((line): [string, number][] => {
      const [name, value] = line.split(" ");
      return name === undefined || value === undefined ? [] : [[name, Number(value)]];
    }),
  );
}

/** `max` and what is larger than JavaScript can count exactly are the largest exact number. */
function toNumber(text: string): number {
  const trimmed = text.trim();
  if (trimmed === "max") return Number.MAX_SAFE_INTEGER;
  return Math.min(Number(trimmed), Number.MAX_SAFE_INTEGER);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The controller is off, or the container is just being removed.
    return "";
  }
}

function writeText(path: string, value: string | number): void {
  writeFileSync(path, String(value));
}

function tryToWrite(path: string, value: string): void {
  try {
    writeText(path, value);
  } catch {
    // Already on, or not permitted at this level: the limit itself will say so.
  }
}

function pidsIn(path: string): number[] {
  return readText(join(path, "cgroup.procs")).split("\n").filter(Boolean).map(Number);
}

const removeTries = 100;
const removePauseMs = 20;

/** A cgroup can be removed once its last process has been reaped. */
async function removeFolders(folders: readonly string[]): Promise<void> {
  for (let tries = 0; tries < removeTries; tries += 1) {
    for (const path of folders) for (const pid of pidsIn(path)) killProcess(pid);
    if (folders.map(tryToRemove).every(Boolean)) return;
    await delay(removePauseMs);
  }
}

function killProcess(pid: number): void {
  // 0 stands for a process of another process namespace.
  if (pid <= 0) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Already gone.
  }
}

function tryToRemove(path: string): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) tryToRemove(join(path, entry.name));
    }
    rmdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
