import { setTimeout as delay } from "node:timers/promises";
import { containerdObstacle, TestContainerd } from "../servers/containerd.ts";
import { testImages } from "../servers/test-images.ts";
import type { PodContestant } from "./pod-contestants.ts";
import { runcHttpd, runcNode, whorlSandbox } from "./pod-contestants.ts";
import { fromZeroMs, podSteps, startPod, type StartedPod } from "./pod-start.ts";
import type { Report } from "./report.ts";
import { shown } from "./report.ts";
import { median, summary } from "./statistics.ts";
import type { Summary } from "./statistics.ts";

const rounds = 7;
const pauseMs = 500;

export interface PodFromZero {
  readonly pod: string;
  readonly ms: Summary;
}

/**
 * Pods that are started for one request, on a containerd of its own: from RunPodSandbox to the first
 * byte of the answer, without what a scheduler and kubelet need before. None where none can be run.
 */
export async function podsFromZero(report: Report): Promise<PodFromZero[]> {
  const obstacle = containerdObstacle();
  if (obstacle !== undefined) {
    console.log(`Without pods: ${obstacle}`);
    return [];
  }
  const results: PodFromZero[] = [];
  try {
    await using containerd = await TestContainerd.start({ release: "2.4" });
    for (const image of testImages()) await containerd.importImage(image);
    for (const each of [runcHttpd, runcNode, whorlSandbox]) {
      results.push(await measure(containerd, each, report));
    }
  } catch (error) {
    // What was measured before is worth more than these.
    report.line("pod scaled from zero", "cannot be measured here");
    console.log(error);
  }
  return results;
}

async function measure(
  containerd: TestContainerd,
  contestant: PodContestant,
  report: Report,
): Promise<PodFromZero> {
  const found: StartedPod[] = [];
  // The first one has what a node does only once.
  for (let round = 0; round <= rounds; round++) {
    const started = await startPod(containerd, contestant);
    await containerd.removePod(started.pod);
    if (round > 0) found.push(started);
    await delay(pauseMs);
  }
  const ms = summary(found.map(fromZeroMs));
  const steps = podSteps.map(
    (step) => `${step} ${shown(median(found.map((each) => each.ms[step])))}`,
  );
  report.line(
    `pod scaled from zero, ${contestant.name}`,
    `p50 ${shown(ms.p50)} ms (p10 ${shown(ms.p10)}, max ${shown(ms.max)}): ${steps.join(", ")}`,
  );
  return { pod: contestant.name, ms };
}
