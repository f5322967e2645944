import type { RequestBatch, RequestEntry } from "../../runtime/telemetry/admin/console-api.ts";
import { Changes } from "./changes.ts";
import type { LatencyField } from "./latency-field.ts";
import { NewestRing } from "./newest-ring.ts";

/** Requests kept in the page. */
export const feedItemsMax = 5_000;

/** What the list above and around the requests says. */
export interface FeedCounts {
  /** Since the filters were chosen. */
  readonly seen: number;
  /** Not shown because the page, or the server, was too slow. */
  readonly lost: number;
  /** Come since it was paused. */
  readonly held: number;
}

/**
 * The requests as they end. Batches wait for the next frame, the newest few thousand are kept; while
 * paused what is shown stays and what comes is held back.
 */
export class RequestFeed extends Changes {
  readonly ring = new NewestRing<RequestEntry>(feedItemsMax);
  readonly field: LatencyField;
  readonly #held = new NewestRing<RequestEntry>(feedItemsMax);
  #lost = 0;
  #isPaused = false;
  #lastId = -1;
  #startedMs: number | undefined;

  constructor(field: LatencyField) {
    super();
    this.field = field;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get counts(): FeedCounts {
    return { seen: this.ring.total, lost: this.#lost, held: this.#held.total };
  }

  /** Of the newest request that is known; -1 before the first. */
  get lastId(): number {
    return this.#lastId;
  }

  /** What comes is of the process that was started then: of another one everything is forgotten. */
  setProcess(startedMs: number): void {
    if (this.#startedMs !== undefined && this.#startedMs !== startedMs) this.clear();
    this.#startedMs = startedMs;
  }

  /** Of a batch, or of what was kept while none came. */
  add({ requests, lost }: RequestBatch): void {
    this.#lost += lost;
    this.#add(requests);
    this.changed();
  }

  setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (!isPaused) this.#release();
    this.changed();
  }

  /** The server is another one, or other requests are wanted. */
  clear(): void {
    this.ring.clear();
    this.#held.clear();
    this.field.clear();
    this.#lost = 0;
    this.#lastId = -1;
    this.changed();
  }

  #release(): void {
    this.#lost += this.#held.total - this.#held.length;
    this.ring.push(this.#held.newest(feedItemsMax).toReversed());
    this.#held.clear();
  }

  /** Those that are known already are left out: what is read after a break overlaps. */
  #add(requests: readonly RequestEntry[]): void {
    const fresh = requests.filter(({ id }) => Number(id) > this.#lastId);
    this.#lastId = Number(fresh.at(-1)?.id ?? this.#lastId);
    for (const entry of fresh) this.field.add(entry);
    (this.#isPaused ? this.#held : this.ring).push(fresh);
  }
}
