import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const whorl = fileURLToPath(new URL("../../bin/whorl.js", import.meta.url));

export interface ServedFolderOptions {
  readonly folder: string;
  /** Where prepared components are kept. */
  readonly cache: string;
  /** Cores that the server may use, as taskset takes them. */
  readonly cores: string;
  readonly args?: readonly string[];
  /** Of what the server warns; printed where nobody asks for it. */
  readonly onWarning?: (message: string) => void;
}

/** `whorl up --dir` as a process; disposing ends it. */
export class ServedFolder implements AsyncDisposable {
  readonly port: number;
  readonly command: string;
  readonly #child: ChildProcess;
  #prepared: Promise<unknown>;

  private constructor(
    child: ChildProcess,
    started: { readonly port: number; readonly command: string },
    prepared: Promise<unknown>,
  ) {
    this.#child = child;
    this.port = started.port;
    this.command = started.command;
    this.#prepared = prepared;
  }

  static async start(options: ServedFolderOptions): Promise<ServedFolder> {
    const { folder, cache, cores, args = [], onWarning = console.log } = options;
    const command = ["up", "--dir", folder, "--cache-dir", cache, "--listen", "127.0.0.1:0"];
    command.push("--output", "json", "--quiet", ...args);
    const child = spawn("taskset", ["-c", cores, process.execPath, whorl, ...command], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout });
    const listening = Promise.withResolvers<string>();
    const prepared = Promise.withResolvers<void>();
    lines.on("line", (line) => {
      const event = JSON.parse(line) as { event: string; url?: string; message?: string };
      if (event.event === "listening") listening.resolve(event.url ?? "");
      if (event.event === "prepared") prepared.resolve();
      if (event.event === "error") console.log(event.message);
      if (event.event === "warning") onWarning(event.message ?? "");
    });
    child.once("exit", () => listening.reject(new Error("whorl up --dir has ended")));
    const port = Number(new URL(await listening.promise).port);
    const shown = `whorl ${command.join(" ")}`.replace(folder, "APPS").replace(cache, "CACHE");
    return new ServedFolder(child, { port, command: shown }, prepared.promise);
  }

  /** Every app has been loaded once. */
  async prepared(): Promise<void> {
    await this.#prepared;
  }

  get pid(): number {
    // taskset and the launcher have become the program.
    return this.#child.pid ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }
}

/** Seconds of processor time that a process has used, in its own and the kernel's code. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticksPerSecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Proportional set size: shared pages count for each process by its part. */
export function proportionalBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) * 1024;
}
