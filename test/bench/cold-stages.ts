import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { medianStages, stagesOfTrace } from "./trace-stages.ts";

/** Until strace(1) watches all threads of a process. */
const attachMs = 1500;

/**
 * Where the time of a first answer goes: the system calls of the server while `ask` runs, by
 * strace(1), as medians between them (milliseconds). Undefined where there is no strace. Being
 * watched makes the server slower: the stages are for comparing with each other.
 */
export async function coldStages(
  pid: number,
  ask: () => Promise<void>,
): Promise<readonly (readonly [stage: string, ms: number])[] | undefined> {
  if (spawnSync("strace", ["-V"], { stdio: "ignore" }).error !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "whorl-stages-"));
  const file = join(folder, "calls");
  const calls = "trace=accept4,dup,ioctl,write";
  const args = ["-f", "-ttt", "-e", calls, "-o", file, "-p", String(pid)];
  const strace = spawn("strace", args, { stdio: "ignore" });
  const ended = once(strace, "exit");
  try {
    await delay(attachMs);
    await ask();
    strace.kill("SIGINT");
    await ended;
    return medianStages(stagesOfTrace(readFileSync(file, "utf8")));
  } finally {
    strace.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}
