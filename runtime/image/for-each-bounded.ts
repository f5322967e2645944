import { limits } from "../limits.ts";

/** Runs an operation for every item, a few at once; the first failure stops the others. */
export async function forEachBounded<T>(
  items: readonly T[],
  operation: (item: T, signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const combined = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const iterator = items.values();
  const work = async (): Promise<void> => {
    for (const item of iterator) {
      combined.throwIfAborted();
      await operation(item, combined);
    }
  };
  const workers = Array.from({ length: Math.min(limits.blobTransfersMax, items.length) }, work);
  const failures: unknown[] = [];
  await Promise.all(
    workers.map((worker) =>
      worker.catch((error: unknown) => {
        failures.push(error);
        stop.abort(error);
      }),
    ),
  );
  if (failures.length > 0) throw failures[0];
}
