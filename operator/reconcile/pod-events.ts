import type { KubeClient } from "../kube/client.ts";
import type { Clock } from "../kube/clock.ts";
import { TokenBucket } from "../kube/rate-limiter.ts";
import { limits } from "../limits.ts";
import type { ObservedEvent, ObservedPod } from "../status/observed.ts";
import { events } from "./resources.ts";

interface Read {
  readonly uid: string | undefined;
  readonly atMs: number;
  readonly events: readonly ObservedEvent[];
}

/**
 * Events of pods that do not say themselves why they do not start, of one pod for each app. The API
 * server looks through all events of a namespace for each question: the operator asks for some apps
 * at a time, and tells what it last heard in between.
 */
export class PodEvents {
  readonly #deps: { readonly client: KubeClient; readonly clock: Clock };
  readonly #bucket: TokenBucket;
  readonly #reads = new Map<string, Read>();
  /** Of whom nothing is known yet: what is known of others is not renewed before their turn. */
  readonly #waiting = new Set<string>();

  constructor(dependencies: { readonly client: KubeClient; readonly clock: Clock }) {
    this.#deps = dependencies;
    this.#bucket = new TokenBucket(dependencies.clock, {
      perSecond: limits.eventReadsPerSecond,
      burst: limits.eventReadsBurst,
    });
  }

  /** Throws what the API server refuses. */
  async of(app: string, pod: ObservedPod, signal: AbortSignal): Promise<readonly ObservedEvent[]> {
    const { client, clock } = this.#deps;
    const { namespace, uid } = pod.metadata;
    const found = this.#reads.get(app);
    const last = found?.uid === uid ? found : undefined;
    const isFresh = last !== undefined && clock.now() - last.atMs < limits.silentPodsMs;
    if (isFresh) return last.events;
    const isTurn = last === undefined || this.#waiting.size === 0;
    if (!isTurn || !this.#bucket.take()) {
      if (last === undefined) this.#waiting.add(app);
      return last?.events ?? [];
    }
    this.#waiting.delete(app);
    const { items } = await client.list(events, {
      namespace,
      fieldSelector: `involvedObject.uid=${uid}`,
      limit: limits.podEventsMax,
      signal,
    });
    this.#reads.set(app, { uid, atMs: clock.now(), events: items });
    return items;
  }

  /** Of an app that is gone, or has no such pods any more. */
  forget(app: string): void {
    this.#reads.delete(app);
    this.#waiting.delete(app);
  }
}
