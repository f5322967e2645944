import { summary } from "./statistics.ts";

/** How steadily the machine worked on something that never changes. */
export interface Calibration {
  /** Milliseconds of one round of computing, which touches no memory. */
  readonly p50Ms: number;
  /** How much slower the slowest tenth was than the fastest tenth. */
  readonly unsteadiness: number;
  readonly memory: MemoryPace;
}

/**
 * What a word costs that no core has in a cache of its own: it comes from the cache that cores share,
 * on a virtual machine with its neighbours. Servers live on it; computing alone does not show it.
 */
export interface MemoryPace {
  readonly p50Ns: number;
  /** How much slower the slowest tenth of the rounds was than the fastest tenth. */
  readonly unsteadiness: number;
}

const rounds = 300;
/** About a millisecond of work. */
const computingSteps = 1_000_000;
/** 4 MiB: more than a core's own caches, less than what cores share. */
const words = 1_048_576;
/** About a millisecond where memory is slow. */
const memorySteps = 10_000;

/** Beyond these the machine has other things to do, and figures of it mean nothing. */
const computingBounds = { unsteadinessMax: 1.3, driftMax: 1.15 };
const memoryBounds = { unsteadinessMax: 2, driftMax: 1.5 };

export function calibrate(): Calibration {
  const computing = summary(timesMs(compute));
  const next = chain(words);
  let at = walk(next, 0, words);
  const memory = summary(timesMs(() => void (at = walk(next, at, memorySteps))));
  return {
    p50Ms: computing.p50,
    unsteadiness: computing.p90 / computing.p10,
    memory: {
      p50Ns: (memory.p50 * 1e6) / memorySteps,
      unsteadiness: memory.p90 / memory.p10,
    },
  };
}

/** Why no verdict can be given; undefined where it can. */
export function noiseReason(before: Calibration, after: Calibration): string | undefined {
  const computing = [before, after].map((each) => ({ ...each, p50: each.p50Ms }));
  const memory = [before, after].map((each) => ({ ...each.memory, p50: each.memory.p50Ns }));
  return (
    unsteadyReason("machine", "work", computing, computingBounds) ??
    unsteadyReason("memory", "words", memory, memoryBounds)
  );
}

function unsteadyReason(
  what: string,
  same: string,
  paces: readonly { readonly p50: number; readonly unsteadiness: number }[],
  { unsteadinessMax, driftMax }: typeof computingBounds,
): string | undefined {
  const worst = Math.max(...paces.map(({ unsteadiness }) => unsteadiness));
  if (worst > unsteadinessMax) {
    return `the ${what} is busy: the same ${same} took ${worst.toFixed(2)} times as long in between`;
  }
  const medians = paces.map(({ p50 }) => p50);
  const drift = Math.max(...medians) / Math.min(...medians);
  if (drift > driftMax) {
    return `the ${what} changed its pace by ${drift.toFixed(2)} while it was measured`;
  }
  return undefined;
}

function timesMs(round: () => unknown): number[] {
  return Array.from({ length: rounds }, () => {
    const startedMs = performance.now();
    round();
    return performance.now() - startedMs;
  });
}

function compute(): number {
  let value = 1;
  for (let step = 0; step < computingSteps; step++) {
    value = (Math.imul(value, 48_271) + step) & 0x7fff_ffff;
  }
  return value;
}

/** Each word says where the next one is, all of them in one round trip without any order. */
export function chain(length: number): Uint32Array {
  const next = Uint32Array.from({ length }, (_, index) => index);
  let seed = 1;
  // Sattolo's variant of the Fisher-Yates shuffle makes a single cycle.
  for (let index = length - 1; index > 0; index--) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((seed / 2 ** 32) * index);
    const word = next[index] ?? 0;
    next[index] = next[other] ?? 0;
    next[other] = word;
  }
  return next;
}

function walk(next: Uint32Array, start: number, steps: number): number {
  let at = start;
  for (let step = 0; step < steps; step++) at = next[at] ?? 0;
  return at;
}
