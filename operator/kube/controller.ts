import { OperatorError, errorText } from "../error.ts";
import { limits } from "../limits.ts";
import { type Clock, type Timer, pause, systemClock } from "./clock.ts";
import { type Log, silentLog } from "./log.ts";
import type { OperatorMetrics, ReconcileObserver, ReconcileOutcome } from "./metrics.ts";
import { type KubeObject, type ObjectKey, keyText, parseKey } from "./object.ts";
import type { ObjectCache } from "./object-cache.ts";
import { WorkQueue, priorities } from "./work-queue.ts";

/** What a reconcile function wants next. To try again with backoff, it throws. */
export type ReconcileResult =
  | { readonly kind: "done" }
  | { readonly kind: "again"; readonly afterMs: number };

export interface ReconcileContext {
  /** Aborted when it takes too long, or when the program stops and cannot wait any more. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Failures of this key before this run. */
  readonly failures: number;
}

/** Level-based: looks at the state of the world, never at what has changed. */
export type Reconcile = (key: ObjectKey, context: ReconcileContext) => Promise<ReconcileResult>;

/** Something whose changes cause work. */
export interface Source {
  readonly synced: (signal: AbortSignal) => Promise<boolean>;
  readonly attach: (add: (key: ObjectKey, priority: number) => void) => Disposable;
}

export interface SourceOptions<T extends KubeObject> {
  /** Whether an update matters; where the version differs, if not given. */
  readonly changed?: (object: T, old: T) => boolean;
  readonly priority?: number;
}

/** The objects of a cache; `map` says which keys an object concerns. */
export function source<T extends KubeObject>(
  cache: ObjectCache<T>,
  map: (object: T) => Iterable<ObjectKey>,
  { changed = versionDiffers, priority = priorities.normal }: SourceOptions<T> = {},
): Source {
  return {
    synced: async (signal) => await cache.synced(signal),
    attach: (add) => {
      const addAll = (object: T, at: number): void => {
        for (const key of map(object)) add(key, at);
      };
      return cache.addHandler({
        added: (object, { initial }) => addAll(object, initial ? priorities.low : priority),
        updated: (object, old) => {
          if (!changed(object, old)) return;
          addAll(object, priority);
          // It may have concerned somebody else before.
          addAll(old, priority);
        },
        deleted: (object) => addAll(object, priority),
      });
    },
  };
}

export interface ControllerOptions {
  /** Lower case; label of its metrics. */
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly sources: readonly Source[];
  /** Keys that are worked on at the same time. */
  readonly concurrency: number;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly metrics?: OperatorMetrics | undefined;
  readonly reconcileMsMax?: number;
  readonly drainMsMax?: number;
}

/** Runs a reconcile function for the keys whose objects have changed. */
export class Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #queue: WorkQueue;
  readonly #observer: ReconcileObserver | undefined;

  constructor(options: ControllerOptions) {
    const { name, metrics, clock = systemClock, log = silentLog } = options;
    this.name = name;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#queue = new WorkQueue({ clock, observer: metrics?.queue(name) });
    this.#observer = metrics?.reconcile(name);
    this.#observer?.concurrency(options.concurrency);
    metrics?.watchQueue(name, this.#queue, clock);
  }

  /** Keys that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Nothing waits, is delayed or runs. */
  get idle(): boolean {
    return this.#queue.idle;
  }

  enqueue(key: ObjectKey, priority: number = priorities.normal): void {
    this.#queue.add(keyText(key), { priority });
  }

  /** Begins to gather work; also without leading, so that a standby is warm. */
  attach(): Disposable {
    const stack = new DisposableStack();
    for (const { attach } of this.#options.sources) {
      stack.use(attach((key, priority) => this.enqueue(key, priority)));
    }
    return stack;
  }

  /**
   * Works until the signal, as soon as all sources are complete. What runs then may finish within
   * the time to drain; after it, or at once where the signal's reason is `lease_lost`, its own
   * signal is aborted. Never rejects.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { sources, concurrency, drainMsMax = limits.drainMsMax } = this.#options;
    const ready = await Promise.all(sources.map(async ({ synced }) => await synced(signal)));
    if (!ready.every(Boolean)) return;
    const hurry = new AbortController();
    const workers = Array.from({ length: concurrency }, () => this.#work(signal, hurry.signal));
    const finished = Promise.all(workers);
    const stopped = new AbortController();
    const watchdog = this.#hurryAfter(signal, { stopped: stopped.signal, drainMsMax, hurry });
    await finished;
    stopped.abort();
    await watchdog;
    this.#queue.close();
  }

  async #hurryAfter(
    signal: AbortSignal,
    drain: { stopped: AbortSignal; drainMsMax: number; hurry: AbortController },
  ): Promise<void> {
    const either = AbortSignal.any([signal, drain.stopped]);
    await new Promise<void>((resolve) => {
      if (either.aborted) resolve();
      else either.addEventListener("abort", () => resolve(), { once: true });
    });
    // Whoever has lost the lease must not go on writing beside the new leader.
    const lost = signal.reason instanceof OperatorError && signal.reason.code === "lease_lost";
    await pause(this.#clock, lost ? 0 : drain.drainMsMax, drain.stopped);
    drain.hurry.abort(new OperatorError("timeout", "the program stops and cannot wait any more"));
  }

  async #work(signal: AbortSignal, hurry: AbortSignal): Promise<void> {
    for (;;) {
      const key = await this.#queue.get(signal);
      if (key === undefined) return;
      this.#observer?.active(1);
      const startMs = this.#clock.now();
      const outcome = await this.#reconcile(key, hurry);
      this.#observer?.reconciled(outcome, (this.#clock.now() - startMs) / 1000);
      this.#observer?.active(-1);
    }
  }

  async #reconcile(key: string, hurry: AbortSignal): Promise<ReconcileOutcome> {
    const limitMs = this.#options.reconcileMsMax ?? limits.reconcileMsMax;
    using time = new ReconcileTime(this.#clock, limitMs, hurry);
    const failures = this.#queue.failures(key);
    const running = this.#start(key, { signal: time.signal, log: this.#log, failures });
    // One that ignores its signal must not keep the worker; but its key it keeps until it ends, so
    // that two runs never work on the same objects.
    void running.catch(() => undefined).then(() => this.#queue.done(key));
    try {
      const result = await Promise.race([running, time.over]);
      this.#queue.forget(key);
      if (result.kind === "done") return "success";
      this.#queue.addAfter(key, result.afterMs);
      return "requeue_after";
    } catch (error) {
      if (time.isOver) this.#observer?.timedOut();
      this.#failed(key, error);
      return "error";
    }
  }

  /** What a function throws before its first await is a rejection as well. */
  async #start(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    return await this.#options.reconcile(parseKey(key), context);
  }

  #failed(key: string, error: unknown): void {
    const fields = { controller: this.name, key, error: errorText(error) };
    if (error instanceof OperatorError && error.code === "invalid") {
      this.#observer?.terminal();
      this.#queue.forget(key);
      this.#log.warn(fields, "cannot be reconciled until it is changed");
      return;
    }
    this.#queue.addRateLimited(key);
    this.#log.warn(fields, "reconcile failed, will try again");
  }
}

/** Bound of one run, or the end of the program. */
class ReconcileTime implements Disposable {
  readonly #controller = new AbortController();
  readonly #hurry: AbortSignal;
  readonly #timer: Timer;
  readonly #follow = (): void => this.#controller.abort(this.#hurry.reason);
  /** Rejects when the time is over. */
  readonly over: Promise<never>;
  #isOver = false;

  constructor(clock: Clock, ms: number, hurry: AbortSignal) {
    this.#hurry = hurry;
    this.#timer = clock.setTimer(ms, () => {
      this.#isOver = true;
      const bound = `${ms / 1000} s (limits.reconcileMsMax)`;
      this.#controller.abort(new OperatorError("timeout", `reconcile took longer than ${bound}`));
    });
    const { promise, reject } = Promise.withResolvers<never>();
    const { signal } = this.#controller;
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    promise.catch(() => undefined);
    this.over = promise;
    hurry.addEventListener("abort", this.#follow);
    if (hurry.aborted) this.#follow();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  [Symbol.dispose](): void {
    this.#timer.cancel();
    this.#hurry.removeEventListener("abort", this.#follow);
  }
}

function versionDiffers(object: KubeObject, old: KubeObject): boolean {
  return object.metadata.resourceVersion !== old.metadata.resourceVersion;
}
