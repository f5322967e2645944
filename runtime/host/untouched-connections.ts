/** A connection that a worker was given and has not looked at. */
interface Untouched<W> {
  readonly slot: number;
  readonly worker: W;
  readonly sinceMs: number;
  /** What its worker had done when it was looked at last. */
  look: { readonly atMs: number; readonly spentMs: number | undefined } | undefined;
}

export interface UntouchedOptions<W> {
  /** How long a connection may wait until its worker counts as stuck. */
  readonly afterMs: number;
  /** Processor time of a worker's thread so far; undefined where nobody knows. */
  spentMs(worker: W): number | undefined;
}

/** A worker that has had less than this part of a processor waits for one itself. */
const busyPart = 0.25;
/** After so many times as long it counts as stuck whatever it does. */
const patience = 10;

/**
 * Connections that wait for a worker which may be stuck in a guest. One that only waits for its turn
 * on the processor is not: another worker would wait as well. Pure bookkeeping.
 */
export class UntouchedConnections<W> {
  readonly #options: UntouchedOptions<W>;
  #waiting: Untouched<W>[] = [];

  constructor(options: UntouchedOptions<W>) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** How long after something was added it is worth to ask what is {@link overdue}. */
  get checkMs(): number {
    return this.#options.afterMs / 2;
  }

  add(slot: number, worker: W, nowMs: number): void {
    this.#waiting.push({ slot, worker, sinceMs: nowMs, look: undefined });
  }

  /**
   * Takes out the connections that have waited too long, and says which workers let them; those
   * that do not wait any more are forgotten.
   */
  overdue(
    nowMs: number,
    isWaiting: (slot: number, worker: W) => boolean,
  ): { readonly slots: readonly number[]; readonly stuck: ReadonlySet<W> } {
    const slots: number[] = [];
    const stuck = new Set<W>();
    const left: Untouched<W>[] = [];
    for (const each of this.#waiting) {
      if (!isWaiting(each.slot, each.worker)) continue;
      if (this.#isStuck(each, nowMs)) {
        slots.push(each.slot);
        stuck.add(each.worker);
      } else {
        left.push(each);
      }
    }
    this.#waiting = left;
    return { slots, stuck };
  }

  #isStuck(each: Untouched<W>, nowMs: number): boolean {
    const { worker, sinceMs, look } = each;
    const { afterMs, spentMs } = this.#options;
    const lookedMs = nowMs - (look?.atMs ?? sinceMs);
    if (lookedMs < this.checkMs) return false;
    const spent = spentMs(worker);
    const before = look?.spentMs;
    each.look = { atMs: nowMs, spentMs: spent };
    if (nowMs - sinceMs < afterMs) return false;
    if (spent === undefined || nowMs - sinceMs >= afterMs * patience) return true;
    return before !== undefined && spent - before >= lookedMs * busyPart;
  }
}
