import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { AgentMetrics } from "./agent-metrics.ts";
import type { NodeOutcome } from "./node-agent.ts";
import type { NodeReport } from "./node-report.ts";
import type { UninstallWish } from "./uninstall-wish.ts";

export interface AgentLoopOptions {
  readonly version: string;
  /** Brings the node to what is wanted; see NodeAgent. */
  readonly work: (signal: AbortSignal) => Promise<NodeOutcome>;
  readonly takeBack: (isForced: boolean, signal: AbortSignal) => Promise<void>;
  /** Takes the node for this process; undefined if another one has it. Throws ShimError. */
  readonly lock: () => Disposable | undefined;
  readonly wish: UninstallWish;
  readonly report: (report: NodeReport) => Promise<void>;
  readonly metrics: AgentMetrics;
  readonly log: (message: string) => void;
}

/** Looks at the node again and again, and does what is to be done. */
export class AgentLoop {
  readonly #options: AgentLoopOptions;
  #lock: Disposable | undefined;
  #obstacle: string | undefined = "the node has not been looked at yet";
  #logged: string | undefined;
  #isRemoved = false;

  constructor(options: AgentLoopOptions) {
    this.#options = options;
  }

  /** Why the node does not run this agent's version; undefined where it does. */
  get obstacle(): string | undefined {
    return this.#obstacle;
  }

  /** Settles when `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { wish } = this.#options;
    for (let failures = 0; !signal.aborted;) {
      const seen = wish.value;
      const error = await this.#turn(signal);
      failures = error === undefined ? 0 : failures + 1;
      if (wish.value === seen) await wish.wait(pauseAfter(failures), signal);
    }
    this.#lock?.[Symbol.dispose]();
  }

  async #turn(signal: AbortSignal): Promise<ShimError | undefined> {
    const { wish, metrics } = this.#options;
    metrics.lastLook.set(Date.now() / 1000);
    try {
      const error =
        wish.value === "install"
          ? await this.#install(signal)
          : await this.#takeBack(wish.value === "uninstall-forced", signal);
      this.#note(error);
      return error;
    } catch (error) {
      if (signal.aborted) return undefined;
      const found = ShimError.fromUnknown(error);
      this.#obstacle = found.message;
      this.#note(found);
      await this.#options.report({ kind: "failed", error: found });
      return found;
    }
  }

  async #install(signal: AbortSignal): Promise<ShimError | undefined> {
    const { version, work, report, metrics } = this.#options;
    this.#isRemoved = false;
    this.#takeLock();
    const { ready, error } = await work(signal);
    const isReady = ready === version;
    metrics.ready.set(isReady ? 1 : 0);
    this.#obstacle = isReady ? undefined : (error?.message ?? `version ${ready} serves`);
    const failure = error ?? new ShimError("internal", "no canary has answered");
    await report(
      ready === undefined
        ? { kind: "failed", error: failure }
        : { kind: "ready", version: ready, ...(error !== undefined && { error }) },
    );
    return error;
  }

  async #takeBack(isForced: boolean, signal: AbortSignal): Promise<ShimError | undefined> {
    const { takeBack, report, metrics } = this.#options;
    if (this.#isRemoved) return undefined;
    this.#takeLock();
    metrics.ready.set(0);
    this.#obstacle = "the node is taken back";
    // No new pods come here from now on.
    await report({ kind: "removing" });
    try {
      await takeBack(isForced, signal);
    } catch (error) {
      signal.throwIfAborted();
      const found = ShimError.fromUnknown(error);
      await report({ kind: "removing", error: found });
      return found;
    }
    this.#isRemoved = true;
    // The file of the lock is gone with everything else.
    this.#lock?.[Symbol.dispose]();
    this.#lock = undefined;
    await report({ kind: "removed" });
    return undefined;
  }

  #takeLock(): void {
    this.#lock ??= this.#options.lock();
    if (this.#lock !== undefined) return;
    throw new ShimError(
      "unavailable",
      "another agent works on this node; this one waits until that one ends",
    );
  }

  /** The same is not logged twice in a row. */
  #note(error: ShimError | undefined): void {
    const { log, metrics } = this.#options;
    if (error !== undefined) metrics.failures.inc({ code: error.code });
    if (error?.message === this.#logged) return;
    this.#logged = error?.message;
    if (error !== undefined) log(error.message);
  }
}

function pauseAfter(failures: number): number {
  const { lookMs, retryMs } = shimLimits.agent;
  return failures === 0 ? lookMs : Math.min(retryMs.first * 2 ** (failures - 1), retryMs.longest);
}
