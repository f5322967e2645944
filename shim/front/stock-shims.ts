import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { shimLimits } from "../limits.ts";
import type { TtrpcRequest } from "../ttrpc/server.ts";
import type { StartRecord } from "./bundle.ts";
import { type StockAddress, StockShim } from "./stock-shim.ts";

/** The stock shims of all pods with ordinary containers; keys are namespace and pod. */
export class StockShims implements AsyncDisposable {
  readonly #onGone: (shim: StockShim) => void;
  /** Promises, so that a pod's shim is started once. */
  readonly #started = new Map<string, Promise<StockShim>>();
  /** Of these the ones that have started. */
  readonly #running = new Map<string, StockShim>();
  /** Those that have run their last container; settles when they are gone. */
  readonly #ending = new WeakMap<StockShim, Promise<unknown>>();

  /** `onGone` hears of each that has ended, for whatever reason. */
  constructor(onGone: (shim: StockShim) => void) {
    this.#onGone = onGone;
  }

  /** Those that run, by pod. */
  get running(): ReadonlyMap<string, StockShim> {
    return this.#running;
  }

  /** The pod's, started for this container if there is none. Errors as of StockShim.start. */
  async of(pod: string, bundle: string, record: StartRecord): Promise<StockShim> {
    const running = await this.#started.get(pod);
    const ending = running && this.#ending.get(running);
    if (running !== undefined && ending === undefined) return running;
    await ending;
    // Others of the pod may have waited as well.
    return this.#started.get(pod) ?? this.#watch(pod, StockShim.start(bundle, record));
  }

  /** Connects to one that an earlier front has started. Throws ShimError `unavailable`. */
  adopt(pod: string, address: StockAddress): Promise<StockShim> {
    return this.#watch(pod, StockShim.adopt(address));
  }

  /**
   * Passes Shutdown on, which comes after Delete. A shim that ran its last container ends now;
   * containerd removes the bundle as soon as it has the answer, and with it what the shim needs to
   * remove its socket.
   */
  async shutDown(shim: StockShim, request: TtrpcRequest, isLast: boolean): Promise<void> {
    if (shim.closed.aborted) return;
    const ended = once(shim.closed, "abort");
    // The pod's next container must not be given to a shim that is about to end.
    if (isLast) this.#ending.set(shim, ended);
    // It may end before it answers.
    await shim.forward(request).catch(() => undefined);
    if (isLast) await Promise.race([ended, longestEnd()]);
  }

  /** Leaves them running. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const started of this.#started.values()) {
      const shim = await started.catch(() => undefined);
      shim?.[Symbol.dispose]();
    }
  }

  #watch(pod: string, started: Promise<StockShim>): Promise<StockShim> {
    this.#started.set(pod, started);
    const lost = (): void => {
      if (this.#started.get(pod) !== started) return;
      this.#started.delete(pod);
      this.#running.delete(pod);
    };
    started.then((shim) => {
      if (this.#started.get(pod) === started) this.#running.set(pod, shim);
      shim.closed.addEventListener("abort", () => {
        lost();
        this.#onGone(shim);
      });
    }, lost);
    return started;
  }
}

function longestEnd(): Promise<void> {
  return delay(shimLimits.stockEndMsMax, undefined, { ref: false });
}
