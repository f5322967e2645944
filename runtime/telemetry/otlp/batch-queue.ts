import type { ItemQueue } from "../item-queue.ts";

/** What became of a batch. */
export interface BatchOutcome {
  readonly taken: number;
  readonly lost: number;
  /** Why items were lost, from a small set. */
  readonly reason: string;
  /** How long this process computed for it, in milliseconds. */
  readonly busyMs: number;
}

export interface BatchQueueOptions<T> {
  /** By weight, as that of a batch. */
  readonly itemsMax: number;
  /** Only an item that is heavier by itself goes beyond it, alone. */
  readonly batchMax: number;
  /** A batch that is not full leaves after this time. */
  readonly delayMs: number;
  /** Never rejects. `weight` is that of the whole batch. */
  send(batch: readonly T[], weight: number, signal: AbortSignal): Promise<BatchOutcome>;
  onTaken(items: number): void;
  onDropped(items: number, reason: string): void;
}

/** Exporting may take this part of the time of a core; what does not fit is dropped and counted. */
const busyShareMax = 0.02;

/**
 * Holds what is to be exported, up to a bound, and sends it in batches, one after the other. It is
 * guests that this process is for: encoding takes a small part of its time only, and a collector
 * that is slow or absent fills the queue and nothing else.
 */
export class BatchQueue<T> implements ItemQueue<T> {
  readonly #options: BatchQueueOptions<T>;
  #items: T[] = [];
  #weights: number[] = [];
  /** Of all that wait. */
  #weight = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #restUntilMs = 0;
  #isClosed = false;
  readonly #abort = new AbortController();

  constructor(options: BatchQueueOptions<T>) {
    this.#options = options;
  }

  hasRoom(items: number): boolean {
    return !this.#isClosed && this.#weight + items <= this.#options.itemsMax;
  }

  push(item: T, weight = 1): boolean {
    if (!this.hasRoom(weight)) {
      this.drop(weight);
      return false;
    }
    const before = this.#weight;
    this.#items.push(item);
    this.#weights.push(weight);
    this.#weight += weight;
    const isFull = before < this.#options.batchMax && this.#weight >= this.#options.batchMax;
    if (before === 0 || isFull) this.#schedule();
    return true;
  }

  drop(items: number): void {
    this.#options.onDropped(items, this.#isClosed ? "closed" : "queue_full");
  }

  /** Sends what is there. Settles when it is sent or the signal aborts; takes nothing any more. */
  async close(signal: AbortSignal): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const given = (): void => this.#abort.abort();
    if (signal.aborted) given();
    signal.addEventListener("abort", given, { once: true });
    await this.#sending;
    while (this.#items.length > 0 && !signal.aborted) await this.#sendBatch();
    signal.removeEventListener("abort", given);
    if (this.#weight > 0) this.#options.onDropped(this.#weight, "closed");
    this.#items = [];
    this.#weights = [];
    this.#weight = 0;
  }

  #schedule(): void {
    if (this.#sending !== undefined || this.#isClosed) return;
    clearTimeout(this.#timer);
    const { batchMax, delayMs } = this.#options;
    const waitMs = this.#weight >= batchMax ? 0 : delayMs;
    const restMs = this.#restUntilMs - performance.now();
    this.#timer = setTimeout(() => this.#start(), Math.max(waitMs, restMs));
    // What is left is sent when the process closes, not by keeping it alive.
    this.#timer.unref();
  }

  #start(): void {
    this.#sending = this.#sendBatch().finally(() => {
      this.#sending = undefined;
      if (this.#items.length > 0) this.#schedule();
    });
  }

  async #sendBatch(): Promise<void> {
    const { send, onTaken, onDropped } = this.#options;
    const { batch, weight } = this.#takeBatch();
    const { taken, lost, reason, busyMs } = await send(batch, weight, this.#abort.signal);
    if (taken > 0) onTaken(taken);
    if (lost > 0) onDropped(lost, reason);
    this.#restUntilMs = performance.now() + busyMs * (1 / busyShareMax - 1);
  }

  #takeBatch(): { readonly batch: readonly T[]; readonly weight: number } {
    let weight = this.#weights[0] ?? 0;
    let end = 1;
    for (; end < this.#weights.length; end++) {
      const more = weight + (this.#weights[end] ?? 0);
      if (more > this.#options.batchMax) break;
      weight = more;
    }
    const batch = this.#items.slice(0, end);
    this.#items = this.#items.slice(end);
    this.#weights = this.#weights.slice(end);
    this.#weight -= weight;
    return { batch, weight };
  }
}
