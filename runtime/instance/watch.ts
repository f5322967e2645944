/** Indices of 32-bit words in the page that the threads share. */
export const watchWords = {
  /** The number of the entry into guest code; negative when it has to end. */
  entry: 0,
  /** 1: nothing runs, sleep until it changes; -1: end. */
  sleep: 1,
  /** Entries that were made to end. */
  stops: 2,
} as const;

export interface WatchSettings {
  readonly page: ArrayBuffer;
  readonly lookMs: number;
  readonly cpuMsMax: number;
  /** Tells nanoseconds of CPU time first; undefined: time as on the wall. */
  readonly schedstat: string | undefined;
}

/**
 * The other thread of a watchdog (watchdog.ts). Runs as text: uses nothing outside of itself.
 */
export function watch(words: typeof watchWords): void {
  const { workerData } = process.getBuiltinModule("node:worker_threads");
  const fs = process.getBuiltinModule("node:fs");
  const { page, lookMs, cpuMsMax, schedstat } = workerData as WatchSettings;
  const shared = new Int32Array(page);
  const text = new Uint8Array(64);
  let file = -1;
  try {
    if (schedstat !== undefined) file = fs.openSync(schedstat, "r");
  } catch {
    // The time on the wall has to do.
  }

  function usedMs(): number {
    if (file < 0) return performance.now();
    const length = fs.readSync(file, text, 0, text.length, 0);
    return parseInt(Buffer.from(text.subarray(0, length)).toString("latin1"), 10) / 1e6;
  }

  let timed = -1;
  let startMs = 0;
  for (;;) {
    const sleep = Atomics.load(shared, words.sleep);
    if (sleep < 0) return;
    if (sleep > 0) {
      Atomics.wait(shared, words.sleep, sleep);
      timed = -1;
      continue;
    }
    const entry = Atomics.load(shared, words.entry);
    if (entry !== timed) {
      timed = entry;
      startMs = usedMs();
    } else if (entry >= 0 && usedMs() - startMs >= cpuMsMax) {
      // Counted first: whoever sees the trap finds it counted.
      Atomics.add(shared, words.stops, 1);
      Atomics.compareExchange(shared, words.entry, entry, entry | -0x8000_0000);
    }
    Atomics.wait(shared, words.sleep, 0, lookMs);
  }
}
