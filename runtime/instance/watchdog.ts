import { readlinkSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { WhorlError } from "../error.ts";
import { type Linked, LinkedList } from "./linked-list.ts";
import { type WatchSettings, watch, watchWords } from "./watch.ts";

export interface WatchdogOptions {
  /** CPU time that guest code may take before it lets anything else of its thread run. */
  readonly cpuMsMax: number;
}

/** What is watched while it is out. */
export interface Watched extends Linked<Watched> {
  /** `performance.now()` after which it has had its time; Infinity: never. */
  readonly deadlineMs: number;
  /** Called once, after the deadline. */
  expire(): void;
}

/** So often within the limit the other thread looks. */
const looksPerLimit = 8;
const lookMsMin = 2;
const lookMsMax = 100;
const pageWords = 16_384;

/**
 * Stops guest code that does not let go of this thread: another thread sees that the same entry
 * into guest code has used more CPU time than it may, and says so in a page of memory that all
 * rewritten modules look at (prepare/interruptible-module.ts). One for each thread that runs guests.
 *
 * The page begins with the number of the entry, which only this thread changes; the other one makes
 * it negative, and only if it still is the number that it has timed. So whoever comes next is safe.
 *
 * It also ends requests that have had their time while they wait (see {@link Watched}).
 */
export class Watchdog implements Disposable {
  /** What guests look at. */
  readonly memory: WebAssembly.Memory;
  readonly cpuMsMax: number;
  readonly #words: Int32Array;
  readonly #lookMs: number;
  readonly #watched = new LinkedList<Watched>();
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #entry = 0;
  #isIdle = true;

  constructor({ cpuMsMax }: WatchdogOptions) {
    this.cpuMsMax = cpuMsMax;
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    this.#words = new Int32Array(this.memory.buffer, 0, pageWords);
    this.#lookMs = Math.min(lookMsMax, Math.max(lookMsMin, cpuMsMax / looksPerLimit));
  }

  /** How often guest code was stopped; changes before the trap arrives. */
  get stops(): number {
    return Atomics.load(this.#words, watchWords.stops);
  }

  /** Guest code is about to be entered: what was used up to now was used by somebody else. */
  enter(): void {
    this.#entry = (this.#entry + 1) & 0x7fff_ffff;
    Atomics.store(this.#words, watchWords.entry, this.#entry);
  }

  /** Begins to look after a request. */
  add(watched: Watched): void {
    this.#watched.add(watched);
    this.#isIdle = false;
    if (this.#timer === undefined) this.#wake();
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched);
  }

  /**
   * What to tell of a failure: of code that was stopped the reason, of any other the error itself.
   * `stopsBefore` is {@link stops} at the beginning of the call.
   */
  explain(error: unknown, stopsBefore: number): unknown {
    if (this.stops === stopsBefore || !(error instanceof WebAssembly.RuntimeError)) return error;
    // The checks fail with a trap that other code does not have.
    if (!/null/.test(error.message)) return error;
    const failure = new WhorlError(
      "limit",
      `the guest used more than ${this.cpuMsMax} ms of CPU time without waiting for anything. ` +
        "Split the work, let it wait now and then, or raise the limit.",
      { cause: error, limit: "cpu" },
    );
    // The guest's frames say where it was.
    if (error.stack !== undefined) failure.stack = error.stack;
    return failure;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#watched.clear();
    Atomics.store(this.#words, watchWords.sleep, -1);
    Atomics.notify(this.#words, watchWords.sleep);
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #wake(): void {
    this.#worker ??= this.#start();
    // It tells that the thread has come back to its event loop, and is no reason to keep it.
    this.#timer = setInterval(() => this.#beat(), this.#lookMs).unref();
    Atomics.store(this.#words, watchWords.sleep, 0);
    Atomics.notify(this.#words, watchWords.sleep);
  }

  #beat(): void {
    this.enter();
    const now = performance.now();
    for (const watched of this.#watched) {
      if (watched.deadlineMs > now) continue;
      this.#watched.delete(watched);
      watched.expire();
    }
    if (!this.#watched.isEmpty) return;
    if (this.#isIdle) this.#rest();
    this.#isIdle = true;
  }

  /** Nothing was asked of this thread for a while: the other one has nothing to do either. */
  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    Atomics.store(this.#words, watchWords.sleep, 1);
  }

  #start(): Worker {
    const settings: WatchSettings = {
      page: this.memory.buffer,
      lookMs: this.#lookMs,
      cpuMsMax: this.cpuMsMax,
      schedstat: threadSchedstat(),
    };
    // As text: wherever this file ends up, bundled or not, no other one has to be found.
    const worker = new Worker(`(${watch.toString()})(${JSON.stringify(watchWords)})`, {
      eval: true,
      workerData: settings,
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
    });
    worker.unref();
    // Without it guests are not stopped, and everything else goes on.
    worker.on("error", () => undefined);
    return worker;
  }
}

/** Where the kernel tells the CPU time of this thread (Documentation/scheduler/sched-stats.rst). */
function threadSchedstat(): string | undefined {
  try {
    return `/proc/${readlinkSync("/proc/thread-self")}/schedstat`;
  } catch {
    return undefined;
  }
}
