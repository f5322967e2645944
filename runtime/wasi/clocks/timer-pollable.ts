import type { ClocksContext } from "../context.ts";
import type { OwningPollable } from "../io/poll-interface.ts";
import { Wakeup } from "../io/wakeup.ts";

/** setTimeout treats anything longer as 1 ms. */
const timeoutMsMax = 0x7fff_ffff;
const nsPerMs = 1_000_000n;

/**
 * Ready from `deadlineNs` (monotonic) on. A timer runs only while somebody waits; dropping the
 * pollable stops it.
 *
 * A deadline that has already passed still lets one turn of the event loop go by: a guest that
 * polls sockets in a loop with a zero timeout would otherwise keep their events from arriving.
 */
export class TimerPollable implements OwningPollable {
  readonly #clocks: ClocksContext;
  readonly #deadlineNs: bigint;
  readonly #wakeup = new Wakeup();
  #mustYield: boolean;
  #timeout: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(clocks: ClocksContext, deadlineNs: bigint) {
    this.#clocks = clocks;
    this.#deadlineNs = deadlineNs;
    this.#mustYield = this.#leftNs() <= 0n;
  }

  isReady(): boolean {
    if (!this.#mustYield) return this.#leftNs() <= 0n;
    // Asked a second time it is ready: `pollable.ready` alone never lets the event loop turn.
    this.#mustYield = false;
    return false;
  }

  wait(): Promise<void> {
    if (this.#timeout === undefined && this.#immediate === undefined) this.#arm();
    return this.#wakeup.wait();
  }

  dropPollable(): void {
    clearTimeout(this.#timeout);
    clearImmediate(this.#immediate);
    this.#timeout = undefined;
    this.#immediate = undefined;
  }

  #leftNs(): bigint {
    return this.#deadlineNs - this.#clocks.monotonicNs();
  }

  #arm(): void {
    const leftNs = this.#leftNs();
    if (leftNs <= 0n) {
      this.#immediate = setImmediate(() => this.#fire());
      return;
    }
    const leftMs = (leftNs + nsPerMs - 1n) / nsPerMs;
    const timeoutMs = leftMs > BigInt(timeoutMsMax) ? timeoutMsMax : Number(leftMs);
    this.#timeout = setTimeout(() => this.#fire(), timeoutMs);
  }

  #fire(): void {
    this.#timeout = undefined;
    this.#immediate = undefined;
    // Timers may fire early, and long waits come in parts.
    if (this.#leftNs() > 0n) this.#arm();
    else this.#wakeup.wake();
  }
}
