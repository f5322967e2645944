import { spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { TemporaryFolder } from "../temporary-folder.ts";
import { TestContainerd } from "../servers/containerd.ts";
import { testImages } from "../servers/test-images.ts";
import {
  callParts,
  type CallSplit,
  type CallWindow,
  medianSplit,
  spansOfTrace,
  splitCall,
} from "./call-parts.ts";
import type { PodContestant } from "./pod-contestants.ts";
import { startPod } from "./pod-start.ts";
import { type Report, shown } from "./report.ts";

const pauseMs = 300;

/** Where the time of StartContainer and StopContainer goes, of one contestant. */
export interface CallStages {
  readonly name: string;
  readonly Start: CallSplit;
  readonly Stop: CallSplit;
}

/**
 * The same calls on a containerd of its own that strace(1) watches, with everything that it starts.
 * Undefined where there is no strace. Being watched makes the calls slower, most of all where many
 * programs take part: the stages are for comparing with each other.
 */
export async function callStages(
  contestants: readonly PodContestant[],
  rounds: number,
): Promise<readonly CallStages[] | undefined> {
  if (spawnSync("strace", ["-V"], { stdio: "ignore" }).error !== undefined) return undefined;
  using folder = new TemporaryFolder({});
  const file = join(folder.path, "calls");
  const windows = await measured(contestants, rounds, file);
  const spans = spansOfTrace(await relevantLines(file));
  const split = (all: readonly CallWindow[]): CallSplit =>
    medianSplit(all.map((window) => splitCall(window, spans)));
  return contestants.map(({ name }, index) => ({
    name,
    Start: split(windows[index]?.start ?? []),
    Stop: split(windows[index]?.stop ?? []),
  }));
}

interface Windows {
  readonly start: CallWindow[];
  readonly stop: CallWindow[];
}

async function measured(
  contestants: readonly PodContestant[],
  rounds: number,
  file: string,
): Promise<Windows[]> {
  const found = contestants.map((): Windows => ({ start: [], stop: [] }));
  const calls = "trace=fsync,fdatasync,execve,read,write";
  const options = ["-D", "-f", "--seccomp-bpf", "-ttt", "-T", "-xx", "-s", "1024", "-e", calls];
  await using containerd = await TestContainerd.start({
    release: "2.4",
    watcher: ["strace", ...options, "-o", file],
  });
  for (const image of testImages()) await containerd.importImage(image);
  // The first round pays for the front and its compile cache.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const { start, stop } = await roundOf(containerd, contestant);
      if (round === 0) continue;
      found[index]?.start.push(start);
      found[index]?.stop.push(stop);
    }
  }
  return found;
}

async function roundOf(
  containerd: TestContainerd,
  contestant: PodContestant,
): Promise<{ readonly start: CallWindow; readonly stop: CallWindow }> {
  const { pod, container, startWindow } = await startPod(containerd, contestant);
  await delay(pauseMs);
  const fromMs = nowMs();
  await containerd.cri.call("StopContainer", { containerId: container, timeout: 0 });
  const stop = { fromMs, toMs: nowMs() };
  await containerd.removePod(pod);
  const begin = performance.timeOrigin;
  const { fromMs: startMs, toMs } = startWindow;
  return { start: { fromMs: begin + startMs, toMs: begin + toMs }, stop };
}

/** Milliseconds since 1970, as strace prints them, but finer than `Date.now()`. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Of a trace that would be too long for one text: without what a process reads of its files. */
async function relevantLines(file: string): Promise<string> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (!/ (?:read|write)\(\d+, "(?!\\x00)/.test(line)) lines.push(line);
  }
  return lines.join("\n");
}

export function reportStages(report: Report, stages: readonly CallStages[]): void {
  for (const { name, ...calls } of stages) {
    for (const [call, { whole, containerd, parts }] of Object.entries(calls)) {
      const shares = callParts.map(
        (part) => `${part} ${shown(parts[part].ms)} (${shown(parts[part].count)} times)`,
      );
      report.line(
        `${name}, ${call} under strace, ms`,
        [shown(whole), ...shares, `containerd itself ${shown(containerd)}`].join(", "),
      );
    }
  }
}
