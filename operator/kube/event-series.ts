import { createHash } from "node:crypto";
import { limits } from "../limits.ts";
import type { Clock } from "./clock.ts";
import { microTime } from "./lease-state.ts";
import type { KubeObject } from "./object.ts";
import { TokenBucket } from "./rate-limiter.ts";

/** `core/v1` ObjectReference, as far as events need it. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** `events.k8s.io/v1` Event, as it is on the wire. */
export interface KubeEvent extends KubeObject {
  readonly eventTime: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly action: string;
  readonly reason: string;
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly note: string;
  readonly type: "Normal" | "Warning";
}

/** What happened, to which object. */
export interface EventFacts {
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly type: "Normal" | "Warning";
  /** Why, for programs: `ImageInvalid`. */
  readonly reason: string;
  /** What was being done: `Reconcile`. */
  readonly action: string;
  /** For people. */
  readonly note: string;
}

/** What has to be written. */
export type EventWrite =
  | { readonly kind: "create"; readonly event: KubeEvent }
  | { readonly kind: "count"; readonly event: KubeEvent };

interface Series {
  event: KubeEvent;
  count: number;
  lastMs: number;
  /** Count that is written, and when. */
  writtenCount: number;
  writtenMs: number;
}

/**
 * Turns equal events into one with a count, and holds objects back that have too many. Pure but
 * for the clock: writing is the recorder's.
 */
export class EventSeries {
  readonly #clock: Clock;
  readonly #reporter: { readonly controller: string; readonly instance: string };
  /** In the order of their last occurrence, oldest first. */
  readonly #series = new Map<string, Series>();
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(clock: Clock, reporter: { readonly controller: string; readonly instance: string }) {
    this.#clock = clock;
    this.#reporter = reporter;
  }

  /** What to write now, if anything. */
  record(facts: EventFacts): EventWrite | undefined {
    const key = keyOf(facts);
    const nowMs = this.#clock.now();
    const running = this.#series.get(key);
    this.#series.delete(key);
    if (running !== undefined && nowMs - running.lastMs < limits.eventSeriesMs) {
      running.count += 1;
      running.lastMs = nowMs;
      this.#series.set(key, running);
      const due = nowMs - running.writtenMs >= limits.eventSeriesWriteMs;
      return due || running.writtenCount === 1 ? this.#count(running) : undefined;
    }
    if (!this.#allowed(facts.regarding)) return undefined;
    const event = this.#event(facts, key);
    const series = { event, count: 1, lastMs: nowMs, writtenCount: 1, writtenMs: nowMs };
    this.#series.set(key, series);
    bound(this.#series, limits.eventSeriesMax);
    return { kind: "create", event };
  }

  /** Counts that have grown since they were written; `all` also those that are not due. */
  due(all: boolean): EventWrite[] {
    const nowMs = this.#clock.now();
    const writes: EventWrite[] = [];
    for (const [key, series] of this.#series) {
      const age = nowMs - series.writtenMs;
      const grown = series.count > series.writtenCount;
      if (grown && (all || age >= limits.eventSeriesWriteMs)) writes.push(this.#count(series));
      if (nowMs - series.lastMs >= limits.eventSeriesMs) this.#series.delete(key);
    }
    return writes;
  }

  /** The API server no longer has the event: its next occurrence makes a new one. */
  forget(event: KubeEvent): void {
    for (const [key, series] of this.#series) {
      if (series.event.metadata.name === event.metadata.name) this.#series.delete(key);
    }
  }

  #count(series: Series): EventWrite {
    series.writtenCount = series.count;
    series.writtenMs = this.#clock.now();
    const lastObservedTime = microTime(this.#clock.date());
    return {
      kind: "count",
      event: { ...series.event, series: { count: series.count, lastObservedTime } },
    };
  }

  #allowed({ uid, namespace = "", name }: ObjectReference): boolean {
    const key = uid ?? `${namespace}/${name}`;
    const perSecond = 1000 / limits.eventRefillMs;
    const bucket =
      this.#buckets.get(key) ??
      new TokenBucket(this.#clock, { perSecond, burst: limits.eventBurst });
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    bound(this.#buckets, limits.eventSeriesMax);
    return bucket.take();
  }

  #event({ regarding, related, type, reason, action, note }: EventFacts, key: string): KubeEvent {
    const date = this.#clock.date();
    const digest = createHash("sha256").update(`${key} ${date.getTime()} ${this.#clock.now()}`);
    const suffix = digest.digest("hex").slice(0, 16);
    const max = limits.eventReasonCharactersMax;
    return {
      // Events of cluster-scoped objects lie in `default`, as those of Kubernetes itself.
      metadata: {
        namespace: regarding.namespace ?? "default",
        name: `${regarding.name.slice(0, 230)}.${suffix}`,
      },
      eventTime: microTime(date),
      reportingController: this.#reporter.controller,
      reportingInstance: this.#reporter.instance.slice(0, max),
      action: action.slice(0, max),
      reason: reason.slice(0, max),
      regarding,
      ...(related === undefined ? {} : { related }),
      note: cut(note, limits.eventNoteBytesMax),
      type,
    };
  }
}

/** Reference of an object; items of lists do not say their kind. */
export function referenceOf(
  object: KubeObject,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
): ObjectReference {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  return { apiVersion, kind, name, namespace, uid, resourceVersion };
}

function keyOf({ regarding, related, type, reason, action, note }: EventFacts): string {
  const { apiVersion, kind, namespace, name, uid } = regarding;
  const about = [apiVersion, kind, namespace, name, uid, related?.kind, related?.name];
  return JSON.stringify([...about, type, reason, action, note]);
}

/** The oldest entries make room. */
function bound(map: Map<string, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}

/** Cuts between characters. */
function cut(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  const kept = bytes.subarray(0, bytesMax - 3).toString();
  return `${kept.replace(/\uFFFD+$/u, "")}…`;
}
