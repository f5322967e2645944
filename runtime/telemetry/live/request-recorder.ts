import { limits } from "../../limits.ts";
import type { ExportedSpan } from "../trace/span-record.ts";
import type { RequestLine, RequestLines } from "./request-lines.ts";
import { RequestLog } from "./request-log.ts";
import type { RequestRecord } from "./request-record.ts";

/** A request with the number under which it can be looked at; numbers rise by one. */
export interface NumberedRequest extends RequestRecord {
  readonly id: number;
}

/** A request with everything that was noted about it. */
export interface KeptRequest {
  readonly record: NumberedRequest;
  /** Empty where there were too many of all requests together. */
  readonly spans: readonly ExportedSpan[];
  readonly guestSpans: readonly ExportedSpan[];
  readonly spansLost: number;
  readonly lines: readonly RequestLine[];
  readonly linesLost: number;
}

/** As much of a trace as is kept. */
export interface EndedTrace {
  /** How many spans it has, of both kinds: told without making them. */
  readonly size: number;
  readonly ended: readonly ExportedSpan[];
  readonly guestSpans: readonly ExportedSpan[];
  readonly lost: number;
}

/** As it is kept: spans are asked for when somebody looks. */
interface Kept {
  readonly record: NumberedRequest;
  readonly trace: EndedTrace | undefined;
  readonly lines: readonly RequestLine[];
  readonly spansLost: number;
  readonly linesLost: number;
  /** Spans and lines, which are about as large, when it was added: a guest may still add some. */
  readonly weight: number;
}

/** Requests after a number. */
export interface RecordedPage {
  /** Oldest first. */
  readonly requests: readonly NumberedRequest[];
  /** Number of the newest one that was looked at. */
  readonly last: number;
  /** How many were not kept any more. */
  readonly lost: number;
}

/**
 * Keeps the newest requests of a process with their spans, and the newest failures of each app
 * longer than that, so that what went wrong can be looked at after the fact. Everything is bounded:
 * requests, spans of all of them, failures.
 */
export class RequestRecorder {
  /** For whoever follows. */
  readonly log = new RequestLog<NumberedRequest>(2 * limits.consoleFeedsMax);
  readonly #kept: (Kept | undefined)[] = [];
  readonly #failures = new Map<string, Kept[]>();
  #next = 1;
  /** The oldest one that still has its spans. */
  #spansFrom = 1;
  #spanCount = 0;
  #secondBeganMs = -Infinity;
  #inSecond = 0;

  /**
   * Whether another request that went well is kept now (`performance.now()`): in a second not more
   * than are kept at all. Who is not kept is to be told to {@link pass}.
   */
  hasRoom(nowMs: number): boolean {
    if (nowMs - this.#secondBeganMs >= secondMs) {
      this.#secondBeganMs = nowMs;
      this.#inSecond = 0;
    }
    return this.#inSecond < limits.requestsKeptMax;
  }

  /** A request has ended that is not kept. */
  pass(): void {
    if (this.log.isWatched) this.log.lost(1);
  }

  /** Returns it with its number. */
  add(
    ended: RequestRecord,
    trace: EndedTrace | undefined,
    lines: Pick<RequestLines, "kept" | "lost"> | undefined,
  ): NumberedRequest {
    const id = this.#next++;
    this.#inSecond++;
    const kept: Kept = {
      record: numbered(ended, id),
      trace,
      lines: lines?.kept ?? noLines,
      spansLost: 0,
      linesLost: lines?.lost ?? 0,
      weight: (trace?.size ?? 0) + (lines?.kept.length ?? 0),
    };
    this.#spanCount += kept.weight - (this.#kept[slot(id)]?.weight ?? 0);
    this.#kept[slot(id)] = kept;
    this.#dropSpans();
    if (ended.error !== undefined) this.#addFailure(kept);
    if (this.log.isWatched) this.log.add(kept.record);
    return kept.record;
  }

  /** Undefined where it is not kept, or never was. */
  find(id: number): KeptRequest | undefined {
    const kept = this.#kept[slot(id)];
    if (kept?.record.id === id) return shown(kept);
    for (const failures of this.#failures.values()) {
      const found = failures.find(({ record }) => record.id === id);
      if (found !== undefined) return shown(found);
    }
    return undefined;
  }

  /** The first ones after `since` that pass, or the newest ones where that is undefined. */
  page(
    since: number | undefined,
    requestsMax: number,
    filter: (record: RequestRecord) => boolean,
  ): RecordedPage {
    const oldest = Math.max(1, this.#next - limits.requestsKeptMax);
    if (since === undefined) return this.#newest(oldest, requestsMax, filter);
    // A number that is not given yet is one of another process.
    const from = since >= this.#next ? oldest : Math.max(oldest, since + 1);
    const requests: NumberedRequest[] = [];
    let id = from;
    for (; id < this.#next && requests.length < requestsMax; id++) {
      const record = this.#kept[slot(id)]?.record;
      if (record !== undefined && filter(record)) requests.push(record);
    }
    const lost = since >= this.#next ? 0 : from - since - 1;
    return { requests, last: id - 1, lost };
  }

  /** Of an app, newest first. */
  failures(app: string): readonly KeptRequest[] {
    return (this.#failures.get(app) ?? []).map(shown);
  }

  /** The app is not served here any more. */
  forget(app: string): void {
    this.#failures.delete(app);
  }

  #newest(
    oldest: number,
    requestsMax: number,
    filter: (record: RequestRecord) => boolean,
  ): RecordedPage {
    const requests: NumberedRequest[] = [];
    for (let id = this.#next - 1; id >= oldest && requests.length < requestsMax; id--) {
      const record = this.#kept[slot(id)]?.record;
      if (record !== undefined && filter(record)) requests.push(record);
    }
    return { requests: requests.toReversed(), last: this.#next - 1, lost: 0 };
  }

  #addFailure(kept: Kept): void {
    const { app } = kept.record;
    const failures = this.#failures.get(app) ?? [];
    if (failures.length === 0 && this.#failures.size >= limits.failingAppsKeptMax) {
      const [oldest = ""] = this.#failures.keys();
      this.#failures.delete(oldest);
    }
    this.#failures.set(app, [kept, ...failures].slice(0, limits.failuresKeptMax));
  }

  #dropSpans(): void {
    this.#spansFrom = Math.max(this.#spansFrom, this.#next - limits.requestsKeptMax);
    while (this.#spanCount > limits.spansKeptMax && this.#spansFrom < this.#next - 1) {
      const at = slot(this.#spansFrom++);
      const kept = this.#kept[at];
      if (kept === undefined) continue;
      this.#spanCount -= kept.weight;
      // A failure that is kept longer shares it, and keeps its spans.
      this.#kept[at] = {
        record: kept.record,
        trace: undefined,
        lines: noLines,
        spansLost: kept.spansLost + (kept.trace?.lost ?? 0) + (kept.trace?.size ?? 0),
        linesLost: kept.linesLost + kept.lines.length,
        weight: 0,
      };
    }
  }
}

function slot(id: number): number {
  return id % limits.requestsKeptMax;
}

function shown({ record, trace, lines, spansLost, linesLost }: Kept): KeptRequest {
  return {
    record,
    spans: trace?.ended ?? [],
    guestSpans: trace?.guestSpans ?? [],
    spansLost: spansLost + (trace?.lost ?? 0),
    lines,
    linesLost,
  };
}

/** What comes from outside is not kept at any length. By name: V8 copies a spread far slower. */
function numbered(ended: RequestRecord, id: number): NumberedRequest {
  return {
    id,
    timeMs: ended.timeMs,
    app: ended.app,
    component: ended.component,
    trigger: ended.trigger,
    method: ended.method.slice(0, limits.methodCharsMax),
    path: ended.path.slice(0, limits.telemetryTextCharsMax),
    route: ended.route,
    status: ended.status,
    durationMs: ended.durationMs,
    queueMs: ended.queueMs,
    takeMs: ended.takeMs,
    start: ended.start,
    isCold: ended.isCold,
    traceId: ended.traceId,
    error: ended.error,
    message: ended.message?.slice(0, limits.telemetryTextCharsMax),
  };
}

const secondMs = 1000;

const noLines: readonly RequestLine[] = [];
