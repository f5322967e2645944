import { errorText } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { KubeClient } from "./kube-client.ts";
import { pause } from "./pause.ts";

/** On the agents' DaemonSet: that all nodes are to be taken back. */
export const uninstallAnnotation = "whorl.dev/uninstall";

/** Whether the node is to be taken back, and whether even while Wasm pods run. */
export type Wish = "install" | "uninstall" | "uninstall-forced";

interface AnnotatedObject {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
}

/** What the cluster's administrator wants of this node; may change at any time. */
export class UninstallWish {
  #value: Wish = "install";
  #wake: (() => void) | undefined;

  get value(): Wish {
    return this.#value;
  }

  /** Resolves when the wish changes, after some milliseconds, or when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    const change = new AbortController();
    this.#wake = () => change.abort();
    return pause(ms, AbortSignal.any([signal, change.signal]));
  }

  /** Follows the annotation of the agents' DaemonSet until `signal` aborts. */
  async follow(
    client: KubeClient,
    daemonSet: { readonly namespace: string; readonly name: string },
    { signal, log }: { readonly signal: AbortSignal; readonly log: (text: string) => void },
  ): Promise<void> {
    const path = watchPath(daemonSet);
    while (!signal.aborted) {
      try {
        for await (const object of client.watch<AnnotatedObject>(path, signal)) {
          this.#set(wishOf(object));
        }
      } catch (error) {
        if (!signal.aborted) log(`${daemonSet.name} cannot be watched: ${errorText(error)}`);
      }
      await pause(shimLimits.agent.retryMs.first, signal);
    }
  }

  #set(value: Wish): void {
    if (value === this.#value) return;
    this.#value = value;
    this.#wake?.();
  }
}

function watchPath({ namespace, name }: { namespace: string; name: string }): string {
  const seconds = shimLimits.agent.watchMs / 1000;
  return `/apis/apps/v1/namespaces/${namespace}/daemonsets?watch=1&fieldSelector=metadata.name%3D${name}&timeoutSeconds=${seconds}`;
}

/** Anything else than the two known values wishes nothing. */
export function wishOf({ metadata }: AnnotatedObject): Wish {
  switch (metadata?.annotations?.[uninstallAnnotation]) {
    case "true":
      return "uninstall";
    case "force":
      return "uninstall-forced";
    default:
      return "install";
  }
}
