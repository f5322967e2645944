import { trap } from "../../error.ts";
import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { Pollable } from "./pollable.ts";

/** A pollable that holds something (a timer) which the guest's drop of its handle gives back. */
export interface OwningPollable extends Pollable {
  dropPollable(): void;
}

/**
 * wasi:io/poll. A handle's object is the {@link Pollable} itself: a stream's subscription is the
 * stream, and dropping that handle leaves the stream alone.
 */
export const poll: HostInterface<WasiContext> = {
  name: "wasi:io/poll",
  version: "0.2.12",
  functions: {
    poll: pollList,
    "[method]pollable.ready": (_context: WasiContext, pollable: Pollable) => pollable.isReady(),
    "[method]pollable.block": (_context: WasiContext, pollable: Pollable) =>
      pollable.isReady() ? undefined : waitUntilReady(pollable),
  },
  suspending: new Set(["poll", "[method]pollable.block"]),
  resources: {
    pollable: {
      drop: (_context, pollable) => (pollable as Partial<OwningPollable>).dropPollable?.(),
    },
  },
};

/** Settles when `pollable` is ready. */
export async function waitUntilReady(pollable: Pollable): Promise<void> {
  do {
    // A wake-up may be for somebody else.
    await pollable.wait();
  } while (!pollable.isReady());
}

function pollList(
  _context: WasiContext,
  pollables: readonly Pollable[],
): number[] | Promise<number[]> {
  if (pollables.length === 0) trap("wasi:io/poll.poll was called with an empty list");
  const ready = readyIndices(pollables);
  return ready.length > 0 ? ready : new Promise((resolve) => awaitAny(pollables, resolve));
}

function readyIndices(pollables: readonly Pollable[]): number[] {
  const ready: number[] = [];
  for (const [index, pollable] of pollables.entries()) {
    if (pollable.isReady()) ready.push(index);
  }
  return ready;
}

function awaitAny(pollables: readonly Pollable[], resolve: (ready: number[]) => void): void {
  const woken = (): void => {
    const ready = readyIndices(pollables);
    if (ready.length === 0) {
      for (const pollable of pollables) Waiters.of(pollable).add(woken);
      return;
    }
    for (const pollable of pollables) Waiters.of(pollable).remove(woken);
    resolve(ready);
  };
  for (const pollable of pollables) Waiters.of(pollable).add(woken);
}

/** Per pollable: a private field of an object that other files make. */
const waitersOf = new WeakMap<Pollable, Waiters>();

/**
 * The polls that wait for one pollable, with one reaction on its promise however many polls come
 * and go: a guest that polls an idle socket and a timer in a loop must not pile up reactions.
 */
class Waiters {
  readonly #pollable: Pollable;
  readonly #polls = new Set<() => void>();
  #isArmed = false;

  static of(pollable: Pollable): Waiters {
    let waiters = waitersOf.get(pollable);
    if (waiters === undefined) {
      waiters = new Waiters(pollable);
      waitersOf.set(pollable, waiters);
    }
    return waiters;
  }

  constructor(pollable: Pollable) {
    this.#pollable = pollable;
  }

  add(woken: () => void): void {
    this.#polls.add(woken);
    if (this.#isArmed) return;
    this.#isArmed = true;
    void this.#pollable.wait().then(() => this.#notify());
  }

  remove(woken: () => void): void {
    this.#polls.delete(woken);
  }

  #notify(): void {
    this.#isArmed = false;
    const polls = [...this.#polls];
    this.#polls.clear();
    for (const woken of polls) woken();
  }
}
