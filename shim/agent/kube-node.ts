import { errorText } from "../error.ts";
import type { KubeClient } from "./kube-client.ts";
import {
  eventOf,
  type KubeNodeObject,
  type NodeReport,
  nodePatch,
  statusPatch,
} from "./node-report.ts";

export interface KubeNodeOptions {
  readonly client: KubeClient;
  readonly name: string;
  readonly startupTaints: readonly string[];
  readonly log: (message: string) => void;
  readonly now: () => Date;
}

/** The node as Kubernetes sees it: labels, startup taints, a condition, events. */
export class KubeNode {
  readonly #options: KubeNodeOptions;
  #last: Promise<void> = Promise.resolve();
  #said: string | undefined;

  constructor(options: KubeNodeOptions) {
    this.#options = options;
  }

  /**
   * Shows how the node is, one report after the other. Never rejects: what could not be shown is
   * logged, and shown with the next report.
   */
  report(report: NodeReport): Promise<void> {
    const shown = this.#last.then(() => this.#show(report));
    this.#last = shown.catch((error: unknown) =>
      this.#options.log(`the node cannot be updated in Kubernetes: ${errorText(error)}`),
    );
    return this.#last;
  }

  /** Whether pods are still kept away from the node; false where Kubernetes cannot be asked. */
  async hasStartupTaint(): Promise<boolean> {
    const { client, startupTaints } = this.#options;
    try {
      const node = await client.get<KubeNodeObject>(this.#path);
      return (node.spec?.taints ?? []).some(({ key }) => startupTaints.includes(key));
    } catch {
      return false;
    }
  }

  get #path(): string {
    return `/api/v1/nodes/${this.#options.name}`;
  }

  async #show(report: NodeReport): Promise<void> {
    const { client, startupTaints, now } = this.#options;
    const node = await client.get<KubeNodeObject>(this.#path);
    // The condition first: who waits for the label finds it then.
    const status = statusPatch(node, report, now());
    if (status !== undefined) await client.patch(`${this.#path}/status`, status, "strategic-merge");
    const seen = status === undefined ? node : await client.get<KubeNodeObject>(this.#path);
    const patch = nodePatch(seen, report, startupTaints);
    if (patch !== undefined) await client.patch(this.#path, patch);
    await this.#say(report, node);
  }

  /** The same is not said twice in a row. */
  async #say(report: NodeReport, { metadata }: KubeNodeObject): Promise<void> {
    const event = eventOf(report);
    const text = JSON.stringify(event);
    if (event === undefined || text === this.#said) return;
    const { client, now } = this.#options;
    const time = now()
      .toISOString()
      .replace(/\.\d+Z$/, "Z");
    const { name, uid } = metadata;
    await client.create("/api/v1/namespaces/default/events", {
      metadata: { generateName: `${name}-whorl-`, namespace: "default" },
      involvedObject: { apiVersion: "v1", kind: "Node", name, uid },
      ...event,
      source: { component: "whorl-agent", host: name },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    });
    this.#said = text;
  }
}
