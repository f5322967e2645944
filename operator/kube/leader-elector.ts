import { OperatorError, errorText } from "../error.ts";
import { limits } from "../limits.ts";
import type { KubeClient } from "./client.ts";
import { type Clock, pause, systemClock } from "./clock.ts";
import { isKubeError } from "./kube-error.ts";
import type { FindOwner } from "./lease-owner.ts";
import {
  type Lease,
  type LeaseDecision,
  type LeaseFacts,
  type LeaseView,
  decide,
  observe,
  ownedBy,
  released,
} from "./lease-state.ts";
import { type Log, silentLog } from "./log.ts";
import { type ResourceType, resourceType } from "./resource.ts";

export const leases: ResourceType<Lease> = resourceType<Lease>({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  plural: "leases",
});

export interface LeaderElectorOptions {
  readonly client: KubeClient;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Of this process, different from that of every other. */
  readonly identity: string;
  /** Whom the Lease goes with; it stays when the last candidate ends where not given. */
  readonly owner?: FindOwner | undefined;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly log?: Log;
  readonly observer?: LeaderObserver | undefined;
  /** Milliseconds; client-go's 15, 10 and 2 s where not given. */
  readonly durationMs?: number;
  readonly renewMsMax?: number;
  readonly retryMs?: number;
}

/** What is told of the election, for metrics. */
export interface LeaderObserver {
  leading(leads: boolean): void;
  /** A renewal needed a read first: somebody else has written the Lease. */
  slowPath(): void;
}

export interface LeadOptions {
  /** Ends the candidacy; a leader releases the Lease. */
  readonly signal: AbortSignal;
  /**
   * Runs while this process leads; has to end soon after its signal, and at once where the signal's
   * reason is an OperatorError `lease_lost`.
   */
  readonly lead: (signal: AbortSignal) => Promise<void>;
}

/**
 * Takes part in the election of one leader by a Lease. At most one `lead` runs at any time, as long
 * as no process is stopped for longer than the lease and then writes without looking.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #log: Log;
  readonly #durationMs: number;
  readonly #renewMsMax: number;
  readonly #retryMs: number;
  #view: LeaseView = { seen: undefined };
  /** The Lease as we wrote it last, while we lead. */
  #held: Lease | undefined;
  #renewedMs = Number.NEGATIVE_INFINITY;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#log = options.log ?? silentLog;
    this.#durationMs = options.durationMs ?? limits.leaseDurationMs;
    this.#renewMsMax = options.renewMsMax ?? limits.leaseRenewMsMax;
    this.#retryMs = options.retryMs ?? limits.leaseRetryMs;
  }

  /** Whether nobody else can have taken over yet, by the local clock. */
  get leads(): boolean {
    return this.#held !== undefined && this.#clock.now() - this.#renewedMs < this.#durationMs;
  }

  /**
   * Waits for the Lease, leads, and resolves: `stopped` after the signal, `lost` when the Lease
   * could not be renewed in time (the process should end: what it runs may be outdated), `done`
   * when `lead` ended by itself. Rejects with what `lead` threw.
   */
  async run({ signal, lead }: LeadOptions): Promise<"stopped" | "lost" | "done"> {
    this.#options.observer?.leading(false);
    while (!(await this.#attemptWithin(this.#renewMsMax, signal))) {
      if (signal.aborted) return "stopped";
      await pause(this.#clock, this.#retryMs * (1 + this.#random() * 0.2), signal);
      if (signal.aborted) return "stopped";
    }
    this.#log.info({ ...this.#options.lease, identity: this.#options.identity }, "leads");
    this.#options.observer?.leading(true);
    try {
      return await this.#lead({ signal, lead });
    } finally {
      this.#options.observer?.leading(false);
      await this.#release();
    }
  }

  async #lead({ signal, lead }: LeadOptions): Promise<"stopped" | "lost" | "done"> {
    const ended = new AbortController();
    const renewals = new AbortController();
    const stop = (): void => ended.abort();
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    let lost = false;
    const renewing = this.#renew(renewals.signal).then((isLost) => {
      lost = isLost;
      if (isLost) ended.abort(new OperatorError("lease_lost", "another replica leads"));
    });
    try {
      // The Lease is renewed until the work has really ended.
      await lead(ended.signal);
    } finally {
      signal.removeEventListener("abort", stop);
      renewals.abort();
      await renewing;
    }
    if (lost) return "lost";
    return signal.aborted ? "stopped" : "done";
  }

  /** Whether the Lease was lost before the signal. */
  async #renew(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      await pause(this.#clock, this.#retryMs, signal);
      if (signal.aborted) return false;
      const leftMs = this.#renewedMs + this.#renewMsMax - this.#clock.now();
      // An answer that comes after the deadline is no renewal: a late one could overlap another's.
      const renewed = leftMs > 0 && (await this.#attemptWithin(leftMs, signal));
      if (signal.aborted) return false;
      if (renewed) continue;
      const late = this.#clock.now() - this.#renewedMs >= this.#renewMsMax;
      if (!late && this.#held !== undefined) continue;
      this.#held = undefined;
      this.#log.error({ ...this.#options.lease }, "lost the lease: another replica takes over");
      return true;
    }
  }

  async #attemptWithin(ms: number, signal: AbortSignal): Promise<boolean> {
    using deadline = new Deadline(this.#clock, ms, signal);
    return await this.#attempt(deadline.signal);
  }

  /** One attempt to acquire or renew; errors are logged and count as no. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    try {
      const held = this.#held;
      if (held !== undefined) {
        if (await this.#write(decide(this.#view, held, this.#facts()), signal)) return true;
        this.#options.observer?.slowPath();
      }
      const lease = await this.#read(signal);
      this.#view = observe(this.#view, lease, this.#clock.now());
      const decision = decide(this.#view, lease, this.#facts());
      if (decision.kind === "wait") {
        this.#held = undefined;
        this.#log.debug({ ...this.#options.lease, holder: decision.holder }, "another one leads");
        return false;
      }
      return await this.#write(decision, signal);
    } catch (error) {
      if (!signal.aborted) {
        this.#log.warn({ ...this.#options.lease, error: errorText(error) }, "no word on the lease");
      }
      return false;
    }
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return await this.#options.client.get(leases, this.#options.lease, { signal });
    } catch (error) {
      if (isKubeError(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** False where somebody else was faster. */
  async #write(decision: LeaseDecision, signal: AbortSignal): Promise<boolean> {
    if (decision.kind === "wait") return false;
    const { client, lease: metadata } = this.#options;
    const owner = await this.#options.owner?.(signal);
    const startMs = this.#clock.now();
    const { spec } = decision;
    try {
      const lease =
        decision.kind === "create"
          ? await client.create(leases, ownedBy({ metadata, spec }, owner), { signal })
          : await client.update(leases, ownedBy({ ...decision.lease, spec }, owner), { signal });
      this.#held = lease;
      // From when we asked: the others may count from then.
      this.#renewedMs = startMs;
      this.#view = observe(this.#view, lease, startMs);
      return true;
    } catch (error) {
      if (isKubeError(error, "Conflict", "AlreadyExists", "NotFound")) return false;
      throw error;
    }
  }

  /** Best effort: without it the next one waits for the lease to end. */
  async #release(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    using deadline = new Deadline(this.#clock, this.#renewMsMax, new AbortController().signal);
    try {
      const spec = released(held.spec, this.#clock.date());
      await this.#options.client.update(leases, { ...held, spec }, { signal: deadline.signal });
    } catch (error) {
      this.#log.warn({ error: errorText(error) }, "could not release the lease");
    }
  }

  #facts(): LeaseFacts {
    return {
      identity: this.#options.identity,
      durationMs: this.#durationMs,
      nowMs: this.#clock.now(),
      date: this.#clock.date(),
    };
  }
}

/** Aborts after a time, or with another signal. */
class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #end: () => void;

  constructor(clock: Clock, ms: number, signal: AbortSignal) {
    const timer = clock.setTimer(ms, () => this.#controller.abort());
    const follow = (): void => this.#controller.abort();
    signal.addEventListener("abort", follow);
    if (signal.aborted) follow();
    this.#end = () => {
      timer.cancel();
      signal.removeEventListener("abort", follow);
    };
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}
