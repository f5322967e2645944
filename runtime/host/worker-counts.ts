import type {
  CountChanges,
  FamilyCounts,
  SeriesCount,
} from "../telemetry/metrics/family-counts.ts";

interface Told {
  readonly labelValues: readonly string[];
  readonly value: SeriesCount;
}

/** What one worker has told of its counts so far, put together from its changes. */
export class WorkerCounts {
  readonly #families = new Map<string, Map<string, Told>>();

  /** Returns by how much the counts differ now; undefined where they are to be read anew. */
  take({ counts, isWhole }: CountChanges): readonly FamilyCounts[] | undefined {
    if (isWhole) this.#families.clear();
    const differences = counts.map(({ name, series }) => {
      const told = this.#families.getOrInsertComputed(name, () => new Map<string, Told>());
      return { name, series: series.map((each) => differenceOf(each, told)) };
    });
    return isWhole ? undefined : differences;
  }

  /** The app's series are not told of any more: its worker forgets them too. */
  forget(app: string): void {
    for (const told of this.#families.values()) {
      for (const [key, { labelValues }] of told) if (labelValues[0] === app) told.delete(key);
    }
  }

  /** Everything. */
  get all(): readonly FamilyCounts[] {
    return [...this.#families].map(([name, told]) => ({ name, series: [...told.values()] }));
  }
}

function differenceOf(now: Told, told: Map<string, Told>): Told {
  const key = now.labelValues.join("\0");
  const before = told.get(key)?.value;
  told.set(key, now);
  return { labelValues: now.labelValues, value: minus(now.value, before) };
}

function minus(now: SeriesCount, before: SeriesCount | undefined): SeriesCount {
  if (typeof now === "number") return now - (typeof before === "number" ? before : 0);
  if (before === undefined || typeof before === "number") return now;
  return {
    counts: now.counts.map((count, at) => count - (before.counts[at] ?? 0)),
    sum: now.sum - before.sum,
    count: now.count - before.count,
  };
}
