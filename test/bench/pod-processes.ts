import { readdirSync, readFileSync } from "node:fs";
import type { TestContainerd } from "../servers/containerd.ts";
import { processorSeconds } from "./served-folder.ts";

/** What the processes take that a containerd has started: shims, fronts, hosts, containers. */
export interface PodProcesses {
  readonly count: number;
  /** Proportional set size. */
  readonly bytes: number;
  /** Processor time of each until now, by its id. */
  readonly seconds: ReadonlyMap<string, number>;
}

/** Looks at every process of a containerd, itself excepted. */
export function podProcesses({ folder, cgroupParent }: TestContainerd): PodProcesses {
  const isOurs = (pid: string): boolean => {
    const text = ["cmdline", "environ", "cgroup"].map((file) => textOf(`/proc/${pid}/${file}`));
    const [command = "", environment = "", cgroup = ""] = text;
    if (/\/containerd\0/.test(command)) return false;
    return (
      [command, environment].some((each) => each.includes(folder)) || cgroup.includes(cgroupParent)
    );
  };
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(isOurs);
  return {
    count: pids.length,
    bytes: pids.reduce((sum, pid) => sum + proportionalBytes(pid), 0),
    seconds: new Map(pids.map((pid) => [pid, secondsOf(pid)])),
  };
}

/** Processor time that those have used meanwhile which were there before and still are. */
export function usedSeconds(before: PodProcesses, after: PodProcesses): number {
  return after.seconds.entries().reduce((sum, [pid, seconds]) => {
    const earlier = before.seconds.get(pid);
    return sum + (earlier === undefined || seconds === 0 ? 0 : seconds - earlier);
  }, 0);
}

function proportionalBytes(pid: string): number {
  const rollup = textOf(`/proc/${pid}/smaps_rollup`);
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) * 1024;
}

function secondsOf(pid: string): number {
  try {
    return processorSeconds(Number(pid));
  } catch {
    return 0;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has just ended.
    return "";
  }
}
