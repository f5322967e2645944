import { get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { TestContainerd, TestPod } from "../servers/containerd.ts";
import type { PodContestant } from "./pod-contestants.ts";

/** What starting a pod consists of, in this order. */
export const podSteps = ["RunPodSandbox", "Create", "Start", "first byte"] as const;

export interface StartedPod {
  readonly pod: TestPod;
  readonly container: string;
  /** Milliseconds of each step. */
  readonly ms: Readonly<Record<(typeof podSteps)[number], number>>;
  /** From when to when StartContainer took, on the clock of `performance`. */
  readonly startWindow: { readonly fromMs: number; readonly toMs: number };
}

const askEveryMs = 1;
const answerMsMax = 60_000;

/** From nothing to a pod that answers, as kubelet asks for it: one call after the other. */
export async function startPod(
  containerd: TestContainerd,
  { handler, container: options, annotations = {} }: PodContestant,
): Promise<StartedPod> {
  const times = [performance.now()];
  const lap = (): void => void times.push(performance.now());
  const pod = await containerd.runPod({ handler, annotations });
  lap();
  const container = await containerd.createContainer(pod, options);
  lap();
  await containerd.cri.call("StartContainer", { containerId: container });
  lap();
  await untilAnswered(pod);
  lap();
  const [sandbox = 0, create = 0, start = 0, answer = 0] = times
    .slice(1)
    .map((time, index) => time - (times[index] ?? 0));
  const ms = { RunPodSandbox: sandbox, Create: create, Start: start, "first byte": answer };
  const startWindow = { fromMs: times[2] ?? 0, toMs: times[3] ?? 0 };
  return { pod, container, ms, startWindow };
}

/** From the first call to the first byte of the answer. */
export function fromZeroMs({ ms }: Pick<StartedPod, "ms">): number {
  return podSteps.reduce((sum, step) => sum + ms[step], 0);
}

async function untilAnswered(pod: TestPod): Promise<void> {
  const endMs = performance.now() + answerMsMax;
  while ((await answerMs(pod)) === undefined) {
    if (performance.now() > endMs) throw new Error(`pod ${pod.id} does not answer`);
    await delay(askEveryMs);
  }
}

/** How long a pod takes to answer over a new connection; undefined where it does not. */
export function answerMs({ ip }: TestPod): Promise<number | undefined> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const request = get(`http://${ip}/`, { agent: false }, (response) => {
      const ms = performance.now() - startedMs;
      const isGood = response.statusCode === 200;
      response.resume().on("end", () => resolve(isGood ? ms : undefined));
      response.on("error", () => resolve(undefined));
    });
    request.on("error", () => resolve(undefined));
  });
}
