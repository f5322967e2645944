/** One app as loaded by one worker. */
export interface Resident<W> {
  readonly worker: W;
  readonly app: string;
  readonly bytes: number;
}

/**
 * What is loaded where, and how much memory it takes by estimate, the least recently used first.
 * Pure bookkeeping: who asks decides what to give back.
 */
export class ResidentApps<W extends { readonly index: number }> {
  readonly #bytesMax: number;
  readonly #residents = new Map<string, Resident<W>>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#residents.size;
  }

  add(resident: Resident<W>): void {
    this.remove(resident.worker, resident.app);
    this.#residents.set(keyOf(resident.worker, resident.app), resident);
    this.#bytes += resident.bytes;
  }

  /** It is used now. */
  touch(worker: W, app: string): void {
    const key = keyOf(worker, app);
    const resident = this.#residents.get(key);
    if (resident === undefined) return;
    this.#residents.delete(key);
    this.#residents.set(key, resident);
  }

  remove(worker: W, app: string): void {
    const key = keyOf(worker, app);
    const resident = this.#residents.get(key);
    if (resident === undefined) return;
    this.#residents.delete(key);
    this.#bytes -= resident.bytes;
  }

  removeWorker(worker: W): void {
    for (const resident of this.#residents.values()) {
      if (resident.worker === worker) this.remove(worker, resident.app);
    }
  }

  /** Takes out what has to go to keep to the bound, except what `isNeeded`. */
  evict(isNeeded: (resident: Resident<W>) => boolean): readonly Resident<W>[] {
    const evicted: Resident<W>[] = [];
    for (const resident of this.#residents.values()) {
      if (this.#bytes <= this.#bytesMax) break;
      if (isNeeded(resident)) continue;
      this.remove(resident.worker, resident.app);
      evicted.push(resident);
    }
    return evicted;
  }
}

function keyOf(worker: { readonly index: number }, app: string): string {
  return `${worker.index} ${app}`;
}
