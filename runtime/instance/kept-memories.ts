/** Memories of one instance, by core instance. */
export type InstanceMemories = readonly WebAssembly.Memory[][];

/**
 * Emptied memories of instances that were given back, those of one instance for each owner, for the
 * next instance of the same component. A new memory costs a reservation of gigabytes of addresses,
 * and V8, which counts it as if all of it was used, collects all garbage for every 64 MB of them. What
 * is kept here takes addresses only: at most `ownersMax` instances' worth.
 */
export class KeptMemories {
  readonly #ownersMax: number;
  /** The owner that has waited longest comes first. */
  readonly #kept = new Map<object, InstanceMemories>();

  constructor(ownersMax: number) {
    this.#ownersMax = ownersMax;
  }

  has(owner: object): boolean {
    return this.#kept.has(owner);
  }

  /** Lets go of those of another owner when there are too many. */
  keep(owner: object, memories: InstanceMemories): void {
    this.#kept.delete(owner);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < this.#ownersMax) break;
      this.#kept.delete(oldest);
    }
    this.#kept.set(owner, memories);
  }

  /** Undefined when there are none; nobody else gets them. */
  take(owner: object): InstanceMemories | undefined {
    const memories = this.#kept.get(owner);
    this.#kept.delete(owner);
    return memories;
  }
}
