import { limits } from "../../limits.ts";
import type { RequestRecord } from "./request-record.ts";

/** Gets records one by one, until closed. */
export interface RequestSubscription extends Disposable {
  /** The next record, or how many were lost before it; undefined after the end. */
  next(): Promise<LogItem | undefined>;
}

export type LogItem =
  | { readonly kind: "request"; readonly record: RequestRecord }
  | { readonly kind: "lost"; readonly count: number };

/**
 * The requests of this process as they end, for whoever is watching. Nobody who is slow holds
 * requests back: beyond `limits.requestLogWaitingMax` that wait, records are lost and counted.
 */
export class RequestLog {
  readonly #subscribers = new Set<Subscriber>();

  /** Whether anybody is watching: records need not be made otherwise. */
  get isWatched(): boolean {
    return this.#subscribers.size > 0;
  }

  add(record: RequestRecord): void {
    for (const subscriber of this.#subscribers) subscriber.add(record);
  }

  /** Undefined when as many are watching as may. */
  subscribe(filter: (record: RequestRecord) => boolean): RequestSubscription | undefined {
    if (this.#subscribers.size >= limits.requestLogSubscribersMax) return undefined;
    const subscriber = new Subscriber(filter, () => this.#subscribers.delete(subscriber));
    this.#subscribers.add(subscriber);
    return subscriber;
  }
}

class Subscriber implements RequestSubscription {
  readonly #filter: (record: RequestRecord) => boolean;
  readonly #onClose: () => void;
  readonly #waiting: RequestRecord[] = [];
  #lost = 0;
  #isClosed = false;
  #wanted: PromiseWithResolvers<void> | undefined;

  constructor(filter: (record: RequestRecord) => boolean, onClose: () => void) {
    this.#filter = filter;
    this.#onClose = onClose;
  }

  add(record: RequestRecord): void {
    if (!this.#filter(record)) return;
    if (this.#waiting.length >= limits.requestLogWaitingMax) this.#lost++;
    else this.#waiting.push(record);
    this.#wake();
  }

  async next(): Promise<LogItem | undefined> {
    for (;;) {
      const item = this.#take();
      if (item !== undefined || this.#isClosed) return item;
      await (this.#wanted ??= Promise.withResolvers<void>()).promise;
    }
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#lost = 0;
    this.#onClose();
    this.#wake();
  }

  /** What waits was there before what was lost. */
  #take(): LogItem | undefined {
    const record = this.#waiting.shift();
    if (record !== undefined) return { kind: "request", record };
    if (this.#lost === 0) return undefined;
    const count = this.#lost;
    this.#lost = 0;
    return { kind: "lost", count };
  }

  #wake(): void {
    this.#wanted?.resolve();
    this.#wanted = undefined;
  }
}
