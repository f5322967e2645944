import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { limits } from "../../runtime/limits.ts";

/** One command to run in a shell. */
export interface ShellCommand {
  readonly command: string;
  readonly workdir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  onLine(stream: "stdout" | "stderr", line: string): void;
  /** Ends the command and what it started. */
  readonly signal: AbortSignal;
  /** Who has not ended so long after being asked to is killed; as limits.ts has it if absent. */
  readonly stopMsMax?: number;
}

/** How a command ended: its exit code, the signal that ended it, or why it could not be started. */
export type ShellEnd =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: string }
  | { readonly kind: "unstartable"; readonly reason: string };

export type RunShell = (command: ShellCommand) => Promise<ShellEnd>;

/** Runs a command with `sh`, without input, and reads its output line by line. */
export const runShell: RunShell = async (shellCommand) => {
  const { command, workdir, environment, onLine, signal } = shellCommand;
  const child = spawn("sh", ["-c", command], {
    cwd: workdir,
    env: { ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    // Its own process group, so that what it starts can be ended too.
    detached: true,
  });
  using _stop = stopOnAbort(child, signal, shellCommand.stopMsMax ?? limits.buildStopMsMax);
  const lines = Promise.all([
    readLines(child.stdout, (line) => onLine("stdout", line)),
    readLines(child.stderr, (line) => onLine("stderr", line)),
  ]);
  try {
    const [code, ending] = (await once(child, "exit")) as [number | null, string | null];
    await lines;
    return code === null ? { kind: "signal", signal: ending ?? "" } : { kind: "exit", code };
  } catch (error) {
    return { kind: "unstartable", reason: error instanceof Error ? error.message : String(error) };
  }
};

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Until it is disposed of: the shell may end before what it has started. */
function stopOnAbort(child: Child, signal: AbortSignal, stopMsMax: number): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    killGroup(child, "SIGTERM");
    timer = setTimeout(killGroup, stopMsMax, child, "SIGKILL").unref();
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    },
  };
}

function killGroup({ pid }: Child, signal: "SIGTERM" | "SIGKILL"): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}

async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  const lines = createInterface({ input: stream, crlfDelay: Infinity });
  lines.on("line", onLine);
  await once(lines, "close");
}
