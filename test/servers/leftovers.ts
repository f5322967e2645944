import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupControllers } from "./containerd.ts";

/** What one private containerd may leave behind; see {@link findLeftovers}. */
export interface LeftoverMarks {
  /** Its folder: in the arguments of its processes and in the paths of its mounts. */
  readonly folder: string;
  /** Its bridge, and the parent of its cgroups. */
  readonly name: string;
  /** {@link sharedState} before it was started. */
  readonly before: ReadonlySet<string>;
}

/** Things that all containerds of a machine keep in the same places. */
export function sharedState(): ReadonlySet<string> {
  const folders = ["/run/containerd/s", "/run/netns", "/run/containerd/runc/k8s.io"];
  return new Set(folders.flatMap((folder) => namesIn(folder).map((name) => join(folder, name))));
}

/**
 * Processes, mounts, cgroups, network links, firewall rules, sockets and namespaces that are still
 * there, one line each. Others may use the machine meanwhile: only what bears the marks counts, and
 * of the shared places what is new.
 */
export function findLeftovers({ folder, name, before }: LeftoverMarks): readonly string[] {
  return [
    ...processes(folder),
    ...lines(readFileSync("/proc/self/mounts", "utf8")).filter((line) => line.includes(folder)),
    ...cgroupControllers()
      .map((controller) => join(controller, name))
      .filter((path) => existsSync(path)),
    ...run("ip", ["-o", "link"]).filter((line) => line.includes(` ${name}:`)),
    ...run("iptables", ["-t", "nat", "-S"]).filter((line) => line.includes(name)),
    ...[...sharedState()].filter((path) => !before.has(path)),
  ];
}

function processes(folder: string): string[] {
  return namesIn("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const text = readOrEmpty(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
      const isHost = /\/(?:host\/main\.ts|lib\/host\.js)\b/.test(text);
      const marks = isHost ? readOrEmpty(`/proc/${pid}/environ`) : text;
      return marks.includes(folder) ? [`${pid} ${text}`] : [];
    });
}

function run(program: string, args: readonly string[]): string[] {
  return lines(spawnSync(program, args, { encoding: "utf8" }).stdout);
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has just ended.
    return "";
  }
}
