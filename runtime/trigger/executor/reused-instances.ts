import type { Instance } from "../../instance/instance.ts";
import type { Invocation } from "../../telemetry/telemetry.ts";
import type { GuestContext } from "../guest-context.ts";
import type { GuestLease } from "../loaded-component.ts";

/** A bound that is drawn anew for each instance, both ends included. */
export interface BoundRange {
  readonly min: number;
  readonly max: number;
}

/** How long one instance serves; as Spin's flags of the same meaning. */
export interface ReuseLimits {
  /** Requests that one instance answers in its life. */
  readonly requestsMax: BoundRange;
  /** Requests that one instance answers at the same time. */
  readonly concurrentMax: BoundRange;
  /** Milliseconds without a request after which an instance ends. */
  readonly idleMs: BoundRange;
}

/** Every request an instance of its own. */
export const isolated: ReuseLimits = {
  requestsMax: { min: 1, max: 1 },
  concurrentMax: { min: 1, max: 1 },
  idleMs: { min: 0, max: 0 },
};

/** As Spin has it for components of wasi:http 0.3. */
export const spinReuse: ReuseLimits = {
  requestsMax: { min: 128, max: 128 },
  concurrentMax: { min: 16, max: 16 },
  idleMs: { min: 1_000, max: 1_000 },
};

/** An instance for one request among others; disposing gives it back. */
export interface SharedLease extends Disposable {
  readonly instance: Instance<GuestContext>;
  /** The instance is broken: nobody gets it any more. */
  retire(): void;
}

interface SharedInstance {
  readonly lease: GuestLease;
  readonly concurrentMax: number;
  readonly idleMs: number;
  left: number;
  active: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Instances that answer several requests, also at the same time, until they have answered enough
 * or nobody asks any more. What one request leaves in memory is there for the next one: this is for
 * components that are built for it (wasi:http 0.3).
 */
export class ReusedInstances implements Disposable {
  readonly #take: (invocation: Invocation) => GuestLease;
  readonly #limits: ReuseLimits;
  /** Those that may get another request, the busiest first. */
  readonly #open = new Set<SharedInstance>();

  constructor(take: (invocation: Invocation) => GuestLease, limits: ReuseLimits) {
    this.#take = take;
    this.#limits = limits;
  }

  /** Throws whatever instantiation throws. */
  take(invocation: Invocation): SharedLease {
    const free = this.#free();
    const shared = free ?? this.#create(invocation);
    if (free !== undefined) join(free, invocation);
    clearTimeout(shared.timer);
    shared.left--;
    shared.active++;
    if (shared.left <= 0) this.#open.delete(shared);
    let isGivenBack = false;
    return {
      instance: shared.lease.instance,
      retire: () => this.#open.delete(shared),
      [Symbol.dispose]: () => {
        if (isGivenBack) return;
        isGivenBack = true;
        this.#giveBack(shared);
      },
    };
  }

  /** Ends what is idle; what still answers ends when it is done. */
  [Symbol.dispose](): void {
    const idle = [...this.#open].filter(({ active }) => active === 0);
    this.#open.clear();
    for (const shared of idle) end(shared);
  }

  #free(): SharedInstance | undefined {
    for (const shared of this.#open) if (shared.active < shared.concurrentMax) return shared;
    return undefined;
  }

  #create(invocation: Invocation): SharedInstance {
    const { requestsMax, concurrentMax, idleMs } = this.#limits;
    const shared: SharedInstance = {
      lease: this.#take(invocation),
      left: drawn(requestsMax),
      concurrentMax: drawn(concurrentMax),
      idleMs: drawn(idleMs),
      active: 0,
      timer: undefined,
    };
    this.#open.add(shared);
    return shared;
  }

  #giveBack(shared: SharedInstance): void {
    shared.active--;
    if (shared.active > 0) return;
    if (!this.#open.has(shared)) {
      end(shared);
      return;
    }
    shared.timer = setTimeout(() => {
      this.#open.delete(shared);
      end(shared);
    }, shared.idleMs);
    // Waiting for nothing is no reason to keep the process.
    shared.timer.unref();
  }
}

/** What the instance asks of the host from now on belongs to its newest request. */
function join({ lease: { holder } }: SharedInstance, invocation: Invocation): void {
  invocation.instanceWanted();
  if (holder !== undefined) holder.current = invocation;
  invocation.instanceTaken("shared");
}

function end({ lease, timer }: SharedInstance): void {
  clearTimeout(timer);
  lease[Symbol.dispose]();
}

function drawn({ min, max }: BoundRange): number {
  return min + Math.floor(Math.random() * (max - min + 1));
}
