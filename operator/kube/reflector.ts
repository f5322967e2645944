import { OperatorError } from "../error.ts";
import { limits } from "../limits.ts";
import type { KubeClient, Selection } from "./client.ts";
import { type Clock, pause } from "./clock.ts";
import { type KubeObject, keyText } from "./object.ts";
import {
  type ReflectorAction,
  type ReflectorOutcome,
  actionOf,
  afterOutcome,
  initialReflectorState,
} from "./reflector-state.ts";
import type { ResourceType } from "./resource.ts";
import type { WatchEvent } from "./watch-event.ts";

/** Receives what the reflector sees. Its functions must not throw. */
export interface ReflectorSink<T extends KubeObject> {
  /** All that there is. */
  replaced(objects: Iterable<T>): void;
  put(object: T): void;
  removed(object: T): void;
  /** Each request that failed, and each time that the server is in touch again. */
  connection(
    connection: { readonly ok: true } | { readonly ok: false; readonly error: unknown },
  ): void;
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: KubeClient;
  readonly type: ResourceType<T>;
  readonly selection: Selection;
  readonly sink: ReflectorSink<T>;
  /** Applied to every object before it is kept: what is cut off is never held. */
  readonly transform: (object: T) => T;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * Keeps a sink in step with the objects of the API server: everything once (streamed, or in pages),
 * then changes. It goes on for as long as it is not stopped; what the sink holds stays while the
 * server is away.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
  }

  /** Resolves after the abort, when nothing is left running; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, sink } = this.#options;
    let state = initialReflectorState;
    while (!signal.aborted) {
      const outcome = await this.#perform(actionOf(state), signal);
      if (signal.aborted) return;
      const step = afterOutcome(state, outcome, random());
      state = step.state;
      if (step.waitMs === 0) continue;
      // A failure after which something else is tried at once is none to tell of.
      if (outcome.kind === "failed") sink.connection({ ok: false, error: outcome.error });
      await pause(clock, step.waitMs, signal);
    }
  }

  async #perform(action: ReflectorAction, signal: AbortSignal): Promise<ReflectorOutcome> {
    switch (action.kind) {
      case "list":
        return await this.#list(action.paged, signal);
      case "watchList":
        return await this.#watch(undefined, signal);
      case "watch":
        return await this.#watch(action.from, signal);
    }
  }

  async #list(paged: boolean, signal: AbortSignal): Promise<ReflectorOutcome> {
    const { client, type, selection, sink, clock } = this.#options;
    const startMs = clock.now();
    try {
      const objects: T[] = [];
      let from: string | undefined;
      const limit = paged ? limits.listPageItemsMax : undefined;
      for await (const page of client.pages(type, { ...selection, limit, signal })) {
        for (const item of page.items) objects.push(this.#options.transform(item));
        from = page.metadata.resourceVersion;
      }
      if (from === undefined) throw new OperatorError("protocol", "a list has no resourceVersion");
      sink.connection({ ok: true });
      sink.replaced(objects);
      return { kind: "listed", from };
    } catch (error) {
      return { kind: "failed", error, from: undefined, livedMs: clock.now() - startMs };
    }
  }

  async #watch(start: string | undefined, signal: AbortSignal): Promise<ReflectorOutcome> {
    const { client, type, selection, sink, clock } = this.#options;
    const startMs = clock.now();
    const run = new WatchRun(this.#options, start);
    try {
      const events = client.watch(type, {
        ...selection,
        resourceVersion: start,
        sendInitialEvents: start === undefined,
        timeoutMs: this.#watchMs(),
        silenceMsMax: () => run.silenceMsMax,
        opened: () => sink.connection({ ok: true }),
        signal,
      });
      for await (const event of events) {
        if (signal.aborted) break;
        run.take(event);
      }
      return { kind: "ended", from: run.from, livedMs: clock.now() - startMs };
    } catch (error) {
      return { kind: "failed", error, from: run.from, livedMs: clock.now() - startMs };
    }
  }

  #watchMs(): number {
    const { watchMsMin, watchMsMax } = limits;
    return watchMsMin + this.#options.random() * (watchMsMax - watchMsMin);
  }
}

/** One watch, which may begin with initial events. */
class WatchRun<T extends KubeObject> {
  readonly #sink: ReflectorSink<T>;
  readonly #transform: (object: T) => T;
  /** Objects of the initial events; undefined once they are complete. */
  #initial: Map<string, T> | undefined;
  #from: string | undefined;

  constructor({ sink, transform }: ReflectorOptions<T>, start: string | undefined) {
    this.#sink = sink;
    this.#transform = transform;
    this.#from = start;
    if (start === undefined) this.#initial = new Map();
  }

  /** Version of the last event or bookmark; undefined while initial events are incomplete. */
  get from(): string | undefined {
    return this.#from;
  }

  get silenceMsMax(): number {
    return this.#initial === undefined ? limits.watchSilenceMsMax : limits.watchListSilenceMsMax;
  }

  take(event: WatchEvent<T>): void {
    if (this.#initial === undefined) this.#change(event);
    else this.#gather(event, this.#initial);
  }

  #gather(event: WatchEvent<T>, initial: Map<string, T>): void {
    if (event.type !== "BOOKMARK") {
      const object = this.#transform(event.object);
      if (event.type === "DELETED") initial.delete(keyText(object.metadata));
      else initial.set(keyText(object.metadata), object);
    } else if (event.initialEventsEnd) {
      this.#initial = undefined;
      this.#from = event.resourceVersion;
      this.#sink.replaced(initial.values());
    }
  }

  #change(event: WatchEvent<T>): void {
    if (event.type === "BOOKMARK") {
      this.#from = event.resourceVersion;
      return;
    }
    const object = this.#transform(event.object);
    if (event.type === "DELETED") this.#sink.removed(object);
    else this.#sink.put(object);
    this.#from = object.metadata.resourceVersion ?? this.#from;
  }
}
