import { shimLimits } from "../limits.ts";
import { HostProcess, type HostProcessOptions } from "./host-process.ts";

/**
 * Host processes that have loaded everything and wait for a container, so that starting one does
 * not cost the start of Node. Whoever is taken serves one container and is never given back.
 */
export class HostPool implements Disposable {
  readonly #options: HostProcessOptions;
  readonly #waiting: HostProcess[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HostProcessOptions) {
    this.#options = options;
    this.#refillLater();
  }

  /** One that waits, else a new one. */
  take(): HostProcess {
    this.#refillLater();
    for (let host = this.#waiting.pop(); host !== undefined; host = this.#waiting.pop()) {
      if (!host.hasEnded) return host;
    }
    return HostProcess.start(this.#options);
  }

  /** Ends those that wait; whoever is taken later is started then. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const host of this.#waiting.splice(0)) host.kill();
  }

  /** Not while containers are being started, which need the processors themselves. */
  #refillLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      while (this.#waiting.length < shimLimits.warmHosts) {
        this.#waiting.push(HostProcess.start(this.#options));
      }
    }, shimLimits.refillMs);
    this.#timer.unref();
  }
}
