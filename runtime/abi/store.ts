import { WhorlError } from "../error.ts";
import type { RootState } from "./component-state.ts";
import { aborted, type Thread } from "./thread.ts";

/** Calls `finish` when it is over, before or after it returns. */
type Job = (finish: () => void) => void;

/** A call of the host that can be told to stop. */
export interface Cancellable {
  abort(): void;
}

/** A call of an export by the host, or anything else that has to know of a failure. */
export interface FailureListener {
  /** It has yet to hear a result. */
  readonly isWaiting: boolean;
  fail(error: Error): void;
}

/**
 * Runs the threads of one root instance, one at a time (CanonicalABI.md, `Store`). Guest code runs
 * from microtasks; a guest that only yields lets timers and sockets go first.
 */
export class Store implements RootState {
  failure: Error | undefined;
  callsOut = 0;
  /** The thread whose code is running. */
  current: Thread | undefined;
  /** Blocked threads that something can make ready, longest waiting first. */
  readonly waiting: Set<Thread> = new Set<Thread>();
  /** Things outside of this instance that may still wake it: host calls, streams of the host. */
  outside = 0;
  readonly listeners: Set<FailureListener> = new Set<FailureListener>();
  /** Guest code is on a stack, or on a suspended one that nothing else may overtake. */
  #isRunning = false;
  #isScheduled = false;
  #isTicking = false;
  readonly #jobs: Job[] = [];
  readonly #idle: (() => void)[] = [];
  /** Tasks that have not ended. */
  #tasks = 0;
  /** Host calls under way. */
  readonly hostCalls: Set<Cancellable> = new Set<Cancellable>();
  /** Counts restarts: what an earlier life scheduled does nothing. */
  life = 0;

  /** What realloc runs on; also start functions, which no task has called. */
  #spare: Thread | undefined;

  /** The running thread. */
  get thread(): Thread {
    return this.current ?? this.reallocThread;
  }

  get reallocThread(): Thread {
    const thread = this.#spare;
    if (thread === undefined) throw new WhorlError("trap", "no task is running");
    thread.storage[0] = 0;
    thread.storage[1] = 0;
    return thread;
  }

  /** Gives the thread that stands in where no task is running. */
  setSpareThread(thread: Thread): void {
    this.#spare = thread;
  }

  /** Runs `job` as soon as no guest code is on a stack. */
  enqueue(job: () => void): void {
    this.#jobs.push((finish) => {
      job();
      finish();
    });
    this.wake();
  }

  /** Runs a job that may go on after it has returned: now when nothing else runs, else later. */
  run(job: Job): void {
    if (this.#isRunning || this.#isTicking) {
      this.#jobs.push(job);
      this.wake();
      return;
    }
    this.guard(() => this.#runJob(job));
  }

  #runJob(job: Job): void {
    this.#isRunning = true;
    job(this.#release);
  }

  readonly #release = (): void => {
    this.#isRunning = false;
    this.current = undefined;
    this.wake();
  };

  /** Something may have become ready. */
  wake(): void {
    if (this.#isRunning || this.#isTicking || this.#isScheduled) return;
    if (this.failure !== undefined) return;
    this.#isScheduled = true;
    const life = this.life;
    queueMicrotask(() => {
      if (life === this.life) this.#tick();
    });
  }

  #tick(): void {
    this.#isScheduled = false;
    this.#isTicking = true;
    this.guard(() => {
      while (!this.#isRunning && this.failure === undefined) {
        const job = this.#jobs.shift();
        if (job !== undefined) {
          this.#runJob(job);
          continue;
        }
        const thread = this.#readyThread();
        if (thread === undefined) break;
        this.#runThread(thread);
      }
    });
    this.#isTicking = false;
    if (!this.#isRunning && !this.#isScheduled && this.failure === undefined) this.#rest();
  }

  #readyThread(): Thread | undefined {
    for (const thread of this.waiting) if (!thread.isYielding && thread.isReady) return thread;
    return undefined;
  }

  #runThread(thread: Thread): void {
    const { instance } = thread.task;
    this.#runJob((finish) => {
      instance.enterFrom(undefined);
      this.runToBlock(thread, false, () => {
        instance.leaveTo(undefined);
        finish();
      });
    });
  }

  /** Nothing is ready: yielding threads get their turn after whatever else the process does. */
  #rest(): void {
    if (this.waiting.size > 0 && [...this.waiting].some((thread) => thread.isYielding)) {
      this.#isScheduled = true;
      const { life } = this;
      setImmediate(() => {
        if (life === this.life) this.#runYielding();
      });
      return;
    }
    if (this.#tasks === 0) {
      for (const resolve of this.#idle.splice(0)) resolve();
    } else if (this.outside === 0 && [...this.listeners].some((each) => each.isWaiting)) {
      this.fail(
        new WhorlError(
          "trap",
          "deadlock detected: every task of the guest waits, and nothing is left that could wake one",
        ),
      );
    }
  }

  #runYielding(): void {
    this.#isScheduled = false;
    this.guard(() => {
      for (const thread of [...this.waiting].filter((each) => each.isYielding)) {
        if (this.#isRunning || this.failure !== undefined) break;
        if (thread.isYielding) this.#runThread(thread);
      }
    });
    this.wake();
  }

  /** Resumes a thread and those it switches to; `then` is called when the last one has blocked. */
  runToBlock(thread: Thread, cancelled: boolean, then: () => void): void {
    const before = this.current;
    this.current = thread;
    if (thread.resume(cancelled)) {
      this.current = before;
      this.#afterSegment(thread, then);
    } else {
      thread.onSegmentEnd = () => this.#afterSegment(thread, then);
    }
  }

  #afterSegment(thread: Thread, then: () => void): void {
    const other = thread.switchTo;
    thread.switchTo = undefined;
    if (other === undefined) then();
    else this.runToBlock(other, false, then);
  }

  /**
   * Lets other guest code run before a built-in returns: `start` calls back when it has blocked or
   * ended. The result is that of `after`, or a Promise to suspend the stack on.
   */
  callFirst<T>(start: (then: () => void) => void, after: () => T): T | Promise<unknown> {
    const { thread } = this;
    let isOver = false;
    let isAway = false;
    start(() => {
      if (isAway) thread.wakeStack(after);
      else isOver = true;
    });
    if (isOver) return after();
    isAway = true;
    return thread.suspend().promise;
  }

  taskStarted(): void {
    this.#tasks++;
  }

  taskEnded(): void {
    this.#tasks--;
    if (this.#tasks === 0) this.wake();
  }

  get isQuiet(): boolean {
    if (this.#isRunning || this.#jobs.length > 0) return false;
    return this.#tasks === 0 && this.hostCalls.size === 0;
  }

  /** Resolves when no task is left, or the instance has failed. */
  whenIdle(): Promise<void> {
    if (this.isQuiet || this.failure !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Runs host code that resumes the guest: what it throws is a failure of the instance. */
  guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.fail(error);
    }
  }

  /** As {@link ComponentState.fail}; tells all who wait for this instance. */
  fail(error: unknown): Error {
    if (error === aborted) return this.failure ?? aborted;
    if (this.failure !== undefined && this.failure !== aborted) return this.failure;
    const failure = error instanceof Error ? error : new WhorlError("trap", String(error));
    this.failure = failure;
    for (const listener of [...this.listeners]) listener.fail(failure);
    this.listeners.clear();
    for (const resolve of this.#idle.splice(0)) resolve();
    return failure;
  }

  /** What to throw when a call has trapped on its own stack and its error is on the way. */
  abort(): Error {
    this.failure ??= aborted;
    return this.failure;
  }

  /** Makes everything of an earlier life void; the failure stays until the next one begins. */
  reset(): void {
    for (const thread of this.waiting) thread.cut();
    this.waiting.clear();
    this.listeners.clear();
    this.#jobs.length = 0;
    for (const call of this.hostCalls) call.abort();
    this.hostCalls.clear();
    this.life++;
    this.#isRunning = false;
    this.#isScheduled = false;
    this.#tasks = 0;
    this.outside = 0;
    this.current = undefined;
  }
}
