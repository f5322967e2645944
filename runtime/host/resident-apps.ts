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
  /** Those among them that have to go, until their worker has said whether they have gone. */
  readonly #leaving = new Set<string>();
  #bytes = 0;
  #leavingBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Of all that is there, also of what has to go. */
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

  /** It had to go, and does not: it was in use. */
  keep(worker: W, app: string): void {
    this.#stay(keyOf(worker, app));
    this.touch(worker, app);
  }

  /** It has gone. */
  remove(worker: W, app: string): void {
    const key = keyOf(worker, app);
    const resident = this.#residents.get(key);
    if (resident === undefined) return;
    this.#stay(key);
    this.#residents.delete(key);
    this.#bytes -= resident.bytes;
  }

  removeWorker(worker: W): void {
    for (const resident of this.#residents.values()) {
      if (resident.worker === worker) this.remove(worker, resident.app);
    }
  }

  /**
   * Chooses what has to go to keep to the bound, except what `isNeeded`. Each counts until it is
   * told to {@link remove}, and is chosen once until it is told to {@link keep}.
   */
  evict(isNeeded: (resident: Resident<W>) => boolean): readonly Resident<W>[] {
    const evicted: Resident<W>[] = [];
    for (const [key, resident] of this.#residents) {
      if (this.#bytes - this.#leavingBytes <= this.#bytesMax) break;
      if (this.#leaving.has(key) || isNeeded(resident)) continue;
      this.#leaving.add(key);
      this.#leavingBytes += resident.bytes;
      evicted.push(resident);
    }
    return evicted;
  }

  #stay(key: string): void {
    if (this.#leaving.delete(key)) this.#leavingBytes -= this.#residents.get(key)?.bytes ?? 0;
  }
}

function keyOf(worker: { readonly index: number }, app: string): string {
  return `${worker.index} ${app}`;
}
