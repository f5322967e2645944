/** A connection that a worker was given and has not looked at. */
interface Untouched<W> {
  readonly slot: number;
  readonly worker: W;
  readonly sinceMs: number;
}

/** Connections that wait for a worker which may be stuck in a guest. Pure bookkeeping. */
export class UntouchedConnections<W> {
  readonly #afterMs: number;
  #waiting: Untouched<W>[] = [];

  /** @param afterMs how long a connection may wait until its worker counts as stuck. */
  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  get size(): number {
    return this.#waiting.length;
  }

  add(slot: number, worker: W, nowMs: number): void {
    this.#waiting.push({ slot, worker, sinceMs: nowMs });
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
      if (nowMs - each.sinceMs < this.#afterMs) {
        left.push(each);
        continue;
      }
      slots.push(each.slot);
      stuck.add(each.worker);
    }
    this.#waiting = left;
    return { slots, stuck };
  }
}
