import { limits } from "../../limits.ts";
import type { RequestRecord } from "./request-record.ts";

/** Gets records until closed: one by one, or what is there. */
export interface RequestSubscription<R extends RequestRecord = RequestRecord> extends Disposable {
  /** The next record, or how many were lost before it; undefined after the end. */
  next(): Promise<LogItem<R> | undefined>;
  /** What waits now, not more than so many, and what was lost since this was asked last. */
  take(recordsMax: number): { readonly records: readonly R[]; readonly lost: number };
}

export type LogItem<R extends RequestRecord = RequestRecord> =
  | { readonly kind: "request"; readonly record: R }
  | { readonly kind: "lost"; readonly count: number };

/**
 * The requests of this process as they end, for whoever is watching. Nobody who is slow holds
 * requests back: beyond `limits.requestLogWaitingMax` that wait, records are lost and counted.
 */
export class RequestLog<R extends RequestRecord = RequestRecord> {
  readonly #subscribers = new Set<Subscriber<R>>();
  readonly #subscribersMax: number;
  readonly #onWatched: (isWatched: boolean) => void;

  /** `onWatched` is told when the first one begins to watch, and when the last one has gone. */
  constructor(
    subscribersMax: number = limits.requestLogSubscribersMax,
    onWatched: (isWatched: boolean) => void = () => undefined,
  ) {
    this.#subscribersMax = subscribersMax;
    this.#onWatched = onWatched;
  }

  /** Whether anybody is watching: records need not be made otherwise. */
  get isWatched(): boolean {
    return this.#subscribers.size > 0;
  }

  add(record: R): void {
    for (const subscriber of this.#subscribers) subscriber.add(record);
  }

  /** Requests have ended that nobody can tell of. */
  lost(count: number): void {
    for (const subscriber of this.#subscribers) subscriber.lose(count);
  }

  /** Undefined when as many are watching as may. */
  subscribe(filter: (record: RequestRecord) => boolean): RequestSubscription<R> | undefined {
    if (this.#subscribers.size >= this.#subscribersMax) return undefined;
    const subscriber = new Subscriber<R>(filter, () => {
      this.#subscribers.delete(subscriber);
      if (!this.isWatched) this.#onWatched(false);
    });
    this.#subscribers.add(subscriber);
    if (this.#subscribers.size === 1) this.#onWatched(true);
    return subscriber;
  }
}

class Subscriber<R extends RequestRecord> implements RequestSubscription<R> {
  readonly #filter: (record: RequestRecord) => boolean;
  readonly #onClose: () => void;
  readonly #waiting: R[] = [];
  #lost = 0;
  #isClosed = false;
  #wanted: PromiseWithResolvers<void> | undefined;

  constructor(filter: (record: RequestRecord) => boolean, onClose: () => void) {
    this.#filter = filter;
    this.#onClose = onClose;
  }

  add(record: R): void {
    if (!this.#filter(record)) return;
    if (this.#waiting.length >= limits.requestLogWaitingMax) this.#lost++;
    else this.#waiting.push(record);
    this.#wake();
  }

  lose(count: number): void {
    this.#lost += count;
    this.#wake();
  }

  async next(): Promise<LogItem<R> | undefined> {
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

  take(recordsMax: number): { readonly records: readonly R[]; readonly lost: number } {
    const records = this.#waiting.splice(0, recordsMax);
    const lost = this.#waiting.length === 0 ? this.#lost : 0;
    this.#lost -= lost;
    return { records, lost };
  }

  /** What waits was there before what was lost. */
  #take(): LogItem<R> | undefined {
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
