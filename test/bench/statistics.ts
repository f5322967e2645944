/** What a series of measurements says. */
export interface Summary {
  readonly count: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export function summary(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => percentile(sorted, part);
  return {
    ...{ count: sorted.length, p10: at(0.1), p50: middle(sorted), p90: at(0.9), p99: at(0.99) },
    max: sorted.at(-1) ?? Number.NaN,
  };
}

/** The one in the middle; of an even count the mean of both. */
export function median(values: readonly number[]): number {
  return middle(values.toSorted((a, b) => a - b));
}

function middle(sorted: readonly number[]): number {
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return (percentile(sorted, 0.5) + upper) / 2;
}

/** The smallest value that this part of the sorted ones does not exceed (nearest rank). */
export function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}
