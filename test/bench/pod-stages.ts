import type { Stage } from "./many-pods.ts";

const usual = [10, 50, 100, 200, 300, 400, 500, 700, 1_000];

/** Numbers of pods at which a node is looked at: these, and the usual ones below the last. */
export function stagesTo(...counts: readonly number[]): number[] {
  const last = Math.max(...counts);
  const all = [...usual.filter((stage) => stage < last), ...counts];
  return [...new Set(all)].toSorted((a, b) => a - b);
}

/** Pods started in a second until there were so many. The first was there before the first stage. */
export function rateTo(
  stages: readonly Pick<Stage, "pods" | "perSecond">[],
  count: number,
): number {
  let before = 1;
  let seconds = 0;
  for (const { pods, perSecond } of stages) {
    if (pods > count) break;
    seconds += (pods - before) / perSecond;
    before = pods;
  }
  return (before - 1) / seconds;
}
