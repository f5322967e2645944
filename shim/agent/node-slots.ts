import { setTimeout as delay } from "node:timers/promises";
import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { KubeClient } from "./kube-client.ts";

export interface NodeSlotsOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** The agents' DaemonSet: the leases go with it. */
  readonly daemonSet: string;
  /** Who holds a slot: name of the pod. */
  readonly holder: string;
  /** Nodes that may be disturbed at the same time. */
  readonly count: number;
  readonly log: (message: string) => void;
  /** Told when all slots are taken. */
  readonly onWait: () => void;
}

interface Lease {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion?: string;
    readonly ownerReferences?: readonly object[];
  };
  readonly spec: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
  };
}

/**
 * Leases that bound how many nodes restart containerd at a time. Whether one is abandoned is told
 * by its not being renewed for as long as this process watches, so that clocks need not agree.
 */
export class NodeSlots {
  readonly #options: NodeSlotsOptions;
  readonly #seen = new Map<number, { readonly renewTime: string; readonly sinceMs: number }>();

  constructor(options: NodeSlotsOptions) {
    this.#options = options;
  }

  /** Resolves when one of the slots is this node's. Throws the signal's reason, or ShimError. */
  async take(signal: AbortSignal): Promise<AsyncDisposable> {
    const { count, onWait } = this.#options;
    for (let tries = 0; ; tries += 1) {
      for (let index = 0; index < count; index += 1) {
        if (await this.#tryToTake(index)) return this.#held(index);
      }
      if (tries === 0) onWait();
      await delay(shimLimits.agent.slotPollMs * (0.5 + Math.random()), undefined, { signal });
    }
  }

  #path(index: number): string {
    return `${this.#folder}/whorl-agent-slot-${index}`;
  }

  get #folder(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#options.namespace}/leases`;
  }

  async #tryToTake(index: number): Promise<boolean> {
    const { client } = this.#options;
    const known = await ignoring("not_found", client.get<Lease>(this.#path(index)));
    if (known !== undefined && !this.#isFree(index, known)) return false;
    const wanted = this.#lease(index, known, this.#options.holder);
    const written =
      known === undefined
        ? client.create(this.#folder, await this.#owned(wanted))
        : client.replace(this.#path(index), wanted);
    return (await ignoring("already_exists", written)) !== undefined;
  }

  async #owned(lease: Lease): Promise<Lease> {
    const { client, namespace, daemonSet: name } = this.#options;
    const path = `/apis/apps/v1/namespaces/${namespace}/daemonsets/${name}`;
    const owner = await ignoring(
      "not_found",
      client.get<{ readonly metadata: { readonly uid: string } }>(path),
    );
    if (owner === undefined) return lease;
    const { uid } = owner.metadata;
    const ownerReferences = [{ apiVersion: "apps/v1", kind: "DaemonSet", name, uid }];
    return { ...lease, metadata: { ...lease.metadata, ownerReferences } };
  }

  #isFree(index: number, { spec }: Lease): boolean {
    const { holderIdentity = "", renewTime = "" } = spec;
    if (holderIdentity === "" || holderIdentity === this.#options.holder) return true;
    const seen = this.#seen.get(index);
    if (seen?.renewTime !== renewTime) {
      this.#seen.set(index, { renewTime, sinceMs: performance.now() });
      return false;
    }
    return performance.now() - seen.sinceMs > shimLimits.agent.slotMs;
  }

  #lease(index: number, known: Lease | undefined, holderIdentity: string): Lease {
    // Microseconds, as the API server wants them.
    const time = new Date().toISOString().replace("Z", "000Z");
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: known?.metadata ?? { name: `whorl-agent-slot-${index}` },
      spec: {
        holderIdentity,
        leaseDurationSeconds: shimLimits.agent.slotMs / 1000,
        acquireTime: time,
        renewTime: time,
      },
    };
  }

  #held(index: number): AsyncDisposable {
    const renewal = setInterval(() => void this.#write(index, true), shimLimits.agent.slotMs / 3);
    return {
      [Symbol.asyncDispose]: async () => {
        clearInterval(renewal);
        await this.#write(index, false);
      },
    };
  }

  /** A slot that cannot be renewed is lost after a while; what was begun is still finished. */
  async #write(index: number, isHeld: boolean): Promise<void> {
    const { client, holder, log } = this.#options;
    try {
      const known = await client.get<Lease>(this.#path(index));
      if (known.spec.holderIdentity !== holder) return;
      await client.replace(this.#path(index), this.#lease(index, known, isHeld ? holder : ""));
    } catch (error) {
      log(`${this.#path(index)}: ${ShimError.fromUnknown(error).message}`);
    }
  }
}

/** Undefined instead of an error of this code. */
export async function ignoring<Value>(
  code: ShimError["code"],
  call: Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ShimError && error.code === code) return undefined;
    throw error;
  }
}
