import { setTimeout as delay } from "node:timers/promises";
import { errorText, WhorlError } from "../../runtime/error.ts";
import { limits } from "../../runtime/limits.ts";
import type { AdminClient, FollowedLine } from "../../runtime/telemetry/admin/admin-client.ts";
import type { RequestFilter } from "../../runtime/telemetry/live/request-filter.ts";

/** A pod whose requests can be followed. */
export interface FollowablePod {
  readonly name: string;
  readonly node: string;
  readonly client: Pick<AdminClient, "requests">;
}

export interface FollowPodsOptions {
  readonly filter: RequestFilter;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Those that there are now; asked again and again. */
  pods(): Promise<readonly FollowablePod[]>;
  onLine(line: FollowedLine, pod: FollowablePod): void;
  /** What a person should know about what is not shown. */
  onNote(message: string): void;
  /** How often pods are looked for, and how long to wait after a connection that ended. */
  readonly lookEveryMs?: number;
  readonly retryAfterMs?: number;
}

/**
 * Follows the requests of all pods as they come and go, each over a connection of its own, which is
 * made anew when it breaks. Resolves when the signal aborts. Rejects with WhorlError where there
 * are no pods at the beginning, or as soon as one refuses for a reason that will not go away
 * (rights, a filter that is none).
 */
export async function followPods(options: FollowPodsOptions): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const pods = new FollowedPods({ ...options, signal }, (error) => failed.abort(error));
  pods.follow(await options.pods());
  while (!signal.aborted) {
    await pause(options.lookEveryMs ?? lookEveryMs, signal);
    if (!signal.aborted) await pods.lookAgain();
  }
  await pods.ended();
  if (failed.signal.aborted) throw failed.signal.reason;
}

const lookEveryMs = 3_000;
const retryAfterMs = 1_000;
const retryAfterMsMax = 15_000;

class FollowedPods {
  readonly #options: FollowPodsOptions;
  readonly #fail: (error: unknown) => void;
  readonly #following = new Map<string, Promise<void>>();
  #present: ReadonlySet<string> = new Set();
  /** What was told last about finding pods. */
  #told = "";

  constructor(options: FollowPodsOptions, fail: (error: unknown) => void) {
    this.#options = options;
    this.#fail = fail;
  }

  follow(pods: readonly FollowablePod[]): void {
    this.#present = new Set(pods.map(({ name }) => name));
    for (const pod of pods) {
      if (this.#following.size >= limits.podsFollowedMax) break;
      if (this.#following.has(pod.name)) continue;
      const following = this.#followPod(pod).finally(() => this.#following.delete(pod.name));
      this.#following.set(pod.name, following);
    }
    const left = pods.filter(({ name }) => !this.#following.has(name)).length;
    this.#tell(
      left === 0
        ? ""
        : `${left} of ${pods.length} pods are not followed: more than ${limits.podsFollowedMax} at once; name an app`,
    );
  }

  /** What cannot be had now is looked for again. */
  async lookAgain(): Promise<void> {
    try {
      this.follow(await this.#options.pods());
    } catch (error) {
      this.#tell(`no other pods are found at present: ${errorText(error)}`);
    }
  }

  async ended(): Promise<void> {
    await Promise.all(this.#following.values());
  }

  /** Until the pod has gone. Never rejects. */
  async #followPod(pod: FollowablePod): Promise<void> {
    const { signal, filter, onLine, onNote, retryAfterMs: waitMs = retryAfterMs } = this.#options;
    let told = "";
    for (let failures = 0; !signal.aborted && this.#present.has(pod.name);) {
      try {
        for await (const line of pod.client.requests(filter, signal)) {
          failures = 0;
          told = "";
          onLine(line, pod);
        }
      } catch (error) {
        if (signal.aborted) return;
        const code = error instanceof WhorlError ? error.code : "internal";
        if (code === "unsupported") {
          onNote(`pod ${pod.name} has a version of Whorl that does not show its requests`);
          return await this.#untilGone(pod.name);
        }
        if (code !== "listen") return this.#fail(error);
        if (told !== errorText(error)) onNote(`${errorText(error)}; trying again`);
        told = errorText(error);
      }
      await pause(Math.min(waitMs * 2 ** failures++, retryAfterMsMax), signal);
    }
  }

  async #untilGone(name: string): Promise<void> {
    const { signal, lookEveryMs: everyMs = lookEveryMs } = this.#options;
    while (!signal.aborted && this.#present.has(name)) await pause(everyMs, signal);
  }

  /** Each thing once, until it is another one. */
  #tell(message: string): void {
    if (message !== "" && message !== this.#told) this.#options.onNote(message);
    this.#told = message;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
