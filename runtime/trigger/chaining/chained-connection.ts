import type { Dispatcher } from "undici";
import { Wakeup } from "../../wasi/io/wakeup.ts";

/** How the component that asked holds the one that answers back, or gives up. */
export class ChainedConnection implements Dispatcher.DispatchController {
  readonly #wakeup = new Wakeup();
  paused = false;
  reason: Error | null = null;
  rawHeaders: string[] = [];
  rawTrailers: string[] = [];

  get aborted(): boolean {
    return this.reason !== null;
  }

  abort(reason: Error): void {
    this.reason ??= reason;
    this.#wakeup.wake();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#wakeup.wake();
  }

  /** Whether a write would go through, or fail, at once. */
  isReady(): boolean {
    return !this.paused || this.aborted;
  }

  wait(): Promise<void> {
    return this.isReady() ? Promise.resolve() : this.#wakeup.wait();
  }
}
