import { availableParallelism, totalmem } from "node:os";
import type { Command } from "commander";
import { WhorlError } from "../../../runtime/error.ts";
import { parseBytes, parseCount } from "../reuse-limits.ts";
import type { UpOptions } from "../up.ts";

/** Flags of `whorl up` that are about a folder of apps. */
export interface DirFlags {
  readonly dir?: string;
  readonly portPerApp?: true;
  readonly maxWorkers?: number;
  readonly maxWorkersPerApp?: number;
  readonly maxLoadedMemory?: number;
}

/** How a folder of apps is served. */
export interface DirOptions {
  readonly folder: string;
  /** Each app has a port of its own, from that of the address on. */
  readonly isPortPerApp: boolean;
  readonly workersMin: number;
  readonly workersMax: number;
  readonly workersPerAppMax: number;
  readonly residentBytesMax: number;
}

export function addDirOptions(command: Command): Command {
  return command
    .option("--dir <folder>", "serve every app in this folder, as NAME.localhost")
    .option("--port-per-app", "with --dir: each app on a port of its own, from --listen on")
    .option(
      "--max-workers <n>",
      "with --dir: threads that run guests (default: two per core)",
      parseCount,
    )
    .option(
      "--max-workers-per-app <n>",
      "with --dir: of these for one app at once (default: one per core)",
      parseCount,
    )
    .option(
      "--max-loaded-memory <bytes>",
      "with --dir: what loaded apps take; others are loaded when asked (default: a quarter)",
      parseBytes,
    );
}

/** Undefined where one app is meant. Throws WhorlError `usage` for flags that contradict it. */
export function dirOptions(
  flags: DirFlags,
  app: { readonly from: string } & Pick<UpOptions, "tls" | "components" | "findFreePort">,
): DirOptions | undefined {
  const { dir: folder } = flags;
  if (folder === undefined) return undefined;
  const problem = contradiction(app);
  if (problem !== undefined) throw new WhorlError("usage", problem);
  const cores = availableParallelism();
  const workersMax = flags.maxWorkers ?? Math.max(cores * 2, workersDefaultMin);
  return {
    folder,
    isPortPerApp: flags.portPerApp === true,
    workersMin: Math.min(cores, workersMax),
    workersMax,
    workersPerAppMax: Math.min(flags.maxWorkersPerApp ?? cores, workersMax),
    residentBytesMax: flags.maxLoadedMemory ?? memoryBytes() / residentPart,
  };
}

/** So many apps can be in use at once without sharing a thread, on the smallest machine. */
const workersDefaultMin = 4;
/** The part of the memory that loaded apps take unless something else is said. */
const residentPart = 4;

/** What this process may have. */
function memoryBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

function contradiction({
  from,
  tls,
  components,
  findFreePort,
}: Parameters<typeof dirOptions>[1]): string | undefined {
  if (from !== ".") return `an app (${from}) and --dir are named; name one of them`;
  if (components.length > 0) return "--component-id is for one app; --dir serves whole apps";
  if (tls !== undefined) return "--dir serves without TLS; put a proxy in front of it";
  if (findFreePort) return "--find-free-port is for one app; with --dir choose a port, or 0";
  return undefined;
}
