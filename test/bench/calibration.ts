import { summary } from "./statistics.ts";

/** How steadily the machine worked on something that never changes. */
export interface Calibration {
  /** Milliseconds of one round. */
  readonly p50Ms: number;
  /** How much slower the slowest tenth was than the fastest tenth. */
  readonly unsteadiness: number;
}

const rounds = 300;
/** About a millisecond of work. */
const steps = 1_000_000;

/** Beyond these the machine has other things to do, and figures of it mean nothing. */
const unsteadinessMax = 1.3;
const driftMax = 1.15;

export function calibrate(): Calibration {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedMs = performance.now();
    work();
    times.push(performance.now() - startedMs);
  }
  const { p10, p50, p90 } = summary(times);
  return { p50Ms: p50, unsteadiness: p90 / p10 };
}

/** Why no verdict can be given; undefined where it can. */
export function noiseReason(before: Calibration, after: Calibration): string | undefined {
  const worst = Math.max(before.unsteadiness, after.unsteadiness);
  if (worst > unsteadinessMax) {
    return `the machine is busy: the same work took ${worst.toFixed(2)} times as long in between`;
  }
  const drift = Math.max(before.p50Ms / after.p50Ms, after.p50Ms / before.p50Ms);
  if (drift > driftMax) {
    return `the machine changed its pace by ${drift.toFixed(2)} while it was measured`;
  }
  return undefined;
}

function work(): number {
  let value = 1;
  for (let step = 0; step < steps; step++) value = (Math.imul(value, 48_271) + step) & 0x7fff_ffff;
  return value;
}
