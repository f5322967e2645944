import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";

/** A file, whatever name it is reached by and from whatever mount namespace. */
export type FileIdentity = string;

/** The file behind a path; undefined where there is none. */
export function fileIdentity(path: string): FileIdentity | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** Programs that processes of the node run. The agent has to share its process ids. */
export function runningPrograms(proc = "/proc"): ReadonlySet<FileIdentity> {
  const found = new Set<FileIdentity>();
  for (const name of readdirSync(proc)) {
    if (!/^\d+$/.test(name)) continue;
    const identity = fileIdentity(join(proc, name, "exe"));
    if (identity !== undefined) found.add(identity);
  }
  return found;
}

/** A running containerd. */
export interface ContainerdProcess {
  readonly pid: number;
  /** Path of the program on the node. */
  readonly program: string;
  /** What follows `--config`, if it does. */
  readonly configuration: string | undefined;
}

/** The containerd with this configuration file, or any if there is but one. */
export function findContainerd(
  configuration: string,
  proc = "/proc",
): ContainerdProcess | undefined {
  const all = readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const found = containerdOf(proc, Number(name));
      return found === undefined ? [] : [found];
    });
  const exact = all.find((each) => each.configuration === configuration);
  if (exact !== undefined) return exact;
  const unnamed = all.filter((each) => each.configuration === undefined);
  return unnamed.length === 1 ? unnamed[0] : undefined;
}

function containerdOf(proc: string, pid: number): ContainerdProcess | undefined {
  try {
    const args = readFileSync(join(proc, String(pid), "cmdline"), "utf8").split("\0");
    if (!/(^|\/)containerd$/.test(args[0] ?? "")) return undefined;
    const program = readlinkSync(join(proc, String(pid), "exe"));
    return { pid, program, configuration: optionOf(args, ["-c", "--config", "-config"]) };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function optionOf(args: readonly string[], names: readonly string[]): string | undefined {
  for (const [index, arg] of args.entries()) {
    if (names.includes(arg)) return args[index + 1];
    const name = names.find((each) => arg.startsWith(`${each}=`));
    if (name !== undefined) return arg.slice(name.length + 1);
  }
  return undefined;
}

/** The process that a front's `front.pid` names, if it lives and is the one that wrote it. */
export function livingFront(pidFile: string | undefined, proc = "/proc"): number | undefined {
  const [pid = "", started = ""] = (pidFile ?? "").trim().split(" ");
  if (!/^\d+$/.test(pid)) return undefined;
  try {
    const stat = readFileSync(join(proc, pid, "stat"), "utf8");
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state !== "Z" && fields[18] === started ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}
