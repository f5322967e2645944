/** How long an event loop had something to do, and had not, since it began. */
export interface LoopTimes {
  readonly active: number;
  readonly idle: number;
}

export interface FittingTurnsOptions {
  utilization(): LoopTimes;
  /** Asks the kernel for turns of this length for the calling thread. */
  take(length: "short" | "ordinary"): void;
}

/** So often at most it is looked how busy the thread is. */
const lookMs = 20;
/**
 * Beyond this part of its time the thread is busy. What it waits for a processor counts as well: on
 * a crowded one a busy thread never idles, however little it gets.
 */
const busyPart = 0.7;

/**
 * Short turns of a processor for a thread as long as it has little to do, so that who wakes it is
 * answered at once; ordinary ones while it is busy: with short ones everybody who wakes would
 * interrupt it.
 */
export class FittingTurns {
  readonly #options: FittingTurnsOptions;
  #lookedAtMs = -Infinity;
  #before: LoopTimes = { active: 0, idle: 0 };
  #length: "short" | "ordinary" = "short";

  constructor(options: FittingTurnsOptions) {
    this.#options = options;
    options.take(this.#length);
  }

  /** There is something to do. Costs nothing most of the time. */
  note(nowMs: number): void {
    if (nowMs - this.#lookedAtMs < lookMs) return;
    this.#lookedAtMs = nowMs;
    const { active, idle } = this.#options.utilization();
    const activeMs = active - this.#before.active;
    const wholeMs = activeMs + idle - this.#before.idle;
    this.#before = { active, idle };
    const length = activeMs > wholeMs * busyPart ? "ordinary" : "short";
    if (length === this.#length) return;
    this.#length = length;
    this.#options.take(length);
  }
}
