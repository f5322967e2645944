import { setTimeout as delay } from "node:timers/promises";
import type { TestContainerd } from "../servers/containerd.ts";
import type { PodContestant } from "./pod-contestants.ts";
import { podProcesses, usedSeconds } from "./pod-processes.ts";
import { answerMs, fromZeroMs, startPod, type StartedPod } from "./pod-start.ts";
import { summary, type Summary } from "./statistics.ts";

/** The node when so many pods are on it. */
export interface Stage {
  readonly pods: number;
  /** Pods started in a second, of those that this stage has added. */
  readonly perSecond: number;
  /** From the first call to the first byte, of those; others are being started meanwhile. */
  readonly startMs: Summary;
  /** Of all of them, each asked once, one after the other. */
  readonly answerMs: Summary;
  /** Those that did not answer. */
  readonly silent: number;
  /** Bytes (proportional set size) that each pod after the first takes, in our processes. */
  readonly bytesPerPod: number;
  readonly processes: number;
}

export interface ManyPods {
  readonly name: string;
  readonly stages: readonly Stage[];
  /** Of one core, by all the processes together, while nobody asks. */
  readonly idlePart: number;
}

/** As kubelet does it: so many pods are being started at a time. */
const atOnce = 4;
const settleMs = 1500;
const idleMs = 10_000;

/**
 * Starts pods until there are as many as the last of the stages says, stops at each of them to look
 * at the node, and removes all.
 */
export async function manyPods(
  containerd: TestContainerd,
  contestant: PodContestant,
  stagesAt: readonly number[],
): Promise<ManyPods> {
  const pods = [await startPod(containerd, contestant)];
  await delay(settleMs);
  const first = podProcesses(containerd).bytes;
  const stages: Stage[] = [];
  for (const count of stagesAt) {
    const startedMs = performance.now();
    const added = await startMore(containerd, contestant, count - pods.length);
    const seconds = (performance.now() - startedMs) / 1000;
    pods.push(...added);
    await delay(settleMs);
    const { bytes, count: processes } = podProcesses(containerd);
    stages.push({
      ...{ pods: pods.length, perSecond: added.length / seconds, processes },
      ...{ startMs: summary(added.map(fromZeroMs)), ...(await askAll(pods)) },
      bytesPerPod: (bytes - first) / (pods.length - 1),
    });
  }
  const idlePart = await usedWhileIdle(containerd);
  await inTurns(pods, async ({ pod }) => await containerd.removePod(pod));
  return { name: contestant.name, stages, idlePart };
}

async function startMore(
  containerd: TestContainerd,
  contestant: PodContestant,
  count: number,
): Promise<StartedPod[]> {
  const started: StartedPod[] = [];
  await inTurns(Array.from({ length: count }), async () => {
    started.push(await startPod(containerd, contestant));
  });
  return started;
}

async function askAll(pods: readonly StartedPod[]): Promise<Pick<Stage, "answerMs" | "silent">> {
  const answers: number[] = [];
  for (const { pod } of pods) {
    const ms = await answerMs(pod);
    if (ms !== undefined) answers.push(ms);
  }
  return { answerMs: summary(answers), silent: pods.length - answers.length };
}

async function usedWhileIdle(containerd: TestContainerd): Promise<number> {
  await delay(settleMs);
  const before = podProcesses(containerd);
  await delay(idleMs);
  return usedSeconds(before, podProcesses(containerd)) / (idleMs / 1000);
}

/** Does something with each, with a few at a time. */
async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
