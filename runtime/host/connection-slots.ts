/** What a worker is doing with a connection that it was given. */
export const connectionState = {
  /** On its way to the worker. */
  handedOver: 0,
  /** Taken back before the worker took it. */
  takenBack: 1,
  /** All is answered: it could be given to another worker. */
  idle: 2,
  /** A request is being answered, and no byte of the answer has been sent. */
  asked: 3,
  /** An answer has begun. */
  answering: 4,
  /** HTTP/2: several requests, and state that only its worker knows. */
  shared: 5,
  /** The worker has taken it, and with it the beginning of a request that is not there as a whole. */
  begun: 6,
  /** Taken back, and the worker has found out: its copy is closed. */
  returned: 7,
} as const;

type State = (typeof connectionState)[keyof typeof connectionState];

const wordsPerWorker = 16;
const activeWord = 0;
const touchedWord = 1;

/**
 * What workers and doorman know of each other without a message: the state of each connection, and
 * how much each worker has to do. In memory that all threads share.
 */
export class ConnectionSlots {
  readonly buffer: SharedArrayBuffer;
  readonly #states: Int32Array;
  readonly #workers: Int32Array;

  /** Of another thread, or new: for so many connections and workers. */
  constructor(given: SharedArrayBuffer | { readonly slots: number; readonly workers: number }) {
    if (given instanceof SharedArrayBuffer) {
      this.buffer = given;
    } else {
      const words = 1 + given.workers * wordsPerWorker + given.slots;
      this.buffer = new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT);
      new Int32Array(this.buffer)[0] = given.workers;
    }
    const all = new Int32Array(this.buffer);
    const first = 1 + (all[0] ?? 0) * wordsPerWorker;
    this.#workers = all.subarray(1, first);
    this.#states = all.subarray(first);
  }

  /** How many connections there can be. */
  get capacity(): number {
    return this.#states.length;
  }

  state(slot: number): State {
    return Atomics.load(this.#states, slot) as State;
  }

  set(slot: number, state: State): void {
    Atomics.store(this.#states, slot, state);
  }

  /** Whether the state was `from`; only then it is changed. */
  change(slot: number, from: State, to: State): boolean {
    return Atomics.compareExchange(this.#states, slot, from, to) === from;
  }

  /** By the worker: a request begins (1) or is over (-1). */
  count(worker: number, change: 1 | -1): void {
    const first = worker * wordsPerWorker;
    Atomics.add(this.#workers, first + activeWord, change);
    Atomics.store(this.#workers, first + touchedWord, nowMs());
  }

  /** Requests that a worker is answering. */
  active(worker: number): number {
    return Atomics.load(this.#workers, worker * wordsPerWorker + activeWord);
  }

  /**
   * Whether a worker has requests but has not begun or ended one for a while: its guest may be
   * using the thread for itself.
   */
  isSilent(worker: number, afterMs: number): boolean {
    if (this.active(worker) <= 0) return false;
    const touched = Atomics.load(this.#workers, worker * wordsPerWorker + touchedWord);
    return ((nowMs() - touched) & 0x7fff_ffff) > afterMs;
  }

  /** A worker of this index begins. */
  clear(worker: number): void {
    this.#workers.fill(0, worker * wordsPerWorker, (worker + 1) * wordsPerWorker);
  }
}

/** The same in all threads, in 31 bits. */
function nowMs(): number {
  return Math.floor(performance.timeOrigin + performance.now()) & 0x7fff_ffff;
}
