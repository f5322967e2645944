import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { readExposition } from "../../runtime/telemetry/metrics/read-exposition.ts";
import type { Answer, Cluster } from "./cluster.ts";
import type { Live } from "./read-json.ts";
import { conditionOf, isTrue, nameOf, textAt } from "./read-json.ts";

export interface TrialOptions {
  /** An app that answers requests at `/`. */
  readonly image: string;
  readonly executor: string;
  /** That anything may take. */
  readonly timeoutMs: number;
  /** Where the gateway is reached, if not where it says. */
  readonly gatewayAddress?: string | undefined;
  /** A custom metric of pods; one whose name begins with `whorl` where not given. */
  readonly metric?: string | undefined;
}

const pollMs = 250;
export const metricsPort = 9464;

/** A namespace of its own in which things are tried; disposing removes it with everything in it. */
export class Trial implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly options: TrialOptions;
  readonly namespace: string;
  #subject: Promise<Live> | undefined;

  private constructor(cluster: Cluster, options: TrialOptions, namespace: string) {
    this.cluster = cluster;
    this.options = options;
    this.namespace = namespace;
  }

  /** Rejects with KubeError where the kubeconfig may not make namespaces. */
  static async open(cluster: Cluster, options: TrialOptions): Promise<Trial> {
    const name = `whorl-conformance-${randomBytes(3).toString("hex")}`;
    const metadata = { name, labels: { "app.kubernetes.io/part-of": "whorl-conformance" } };
    await cluster.create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata });
    return new Trial(cluster, options, name);
  }

  /** Path of a resource in the namespace: `core("pods", "web-1")`. */
  core(...parts: readonly string[]): string {
    return `/api/v1/namespaces/${this.namespace}/${parts.join("/")}`;
  }

  /** The same of a group: `group("apps/v1", "deployments")`. */
  group(groupVersion: string, ...parts: readonly string[]): string {
    return `/apis/${groupVersion}/namespaces/${this.namespace}/${parts.join("/")}`;
  }

  apps(...parts: readonly string[]): string {
    return this.group("core.spinkube.dev/v1alpha1", "spinapps", ...parts);
  }

  /** The app that most checks look at; made by the first one. */
  subject(): Promise<Live> {
    return (this.#subject ??= this.app("subject"));
  }

  /** Makes an app and waits until it is ready. Rejects with the reason why it does not become so. */
  async app(name: string, spec: object = {}): Promise<Live> {
    await this.cluster.create(this.apps(), spinApp(name, { ...this.#spec(), ...spec }));
    return await this.ready(name);
  }

  async ready(name: string): Promise<Live> {
    let why = "nobody has looked at it yet";
    return await this.until(
      () => `the app ${name} to be ready: ${why}`,
      async () => {
        const app = await this.cluster.get(this.apps(name));
        const condition = conditionOf(app, "Ready");
        why = `${textAt(condition, "reason")} ${textAt(condition, "message")}`;
        return isTrue(condition) && isCurrent(app) ? app : undefined;
      },
    );
  }

  /** Looks again and again until there is something. Rejects when the time is over. */
  async until<T>(what: () => string, look: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + this.options.timeoutMs;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > deadline) {
        const seconds = Math.round(this.options.timeoutMs / 1000);
        throw new Error(`waited ${seconds} s for ${what()}`);
      }
      await delay(pollMs);
    }
  }

  /**
   * Asks an app through its Service, by way of the API server; again where there is no answer, as
   * when a pod that was an endpoint has just gone.
   */
  async ask(app: string): Promise<Answer> {
    const path = this.core("services", `${app}:80`, "proxy/");
    return await this.until(
      () => `an answer of ${app}`,
      async () => await this.cluster.ask(path).catch(() => undefined),
    );
  }

  /** Those that are not being ended. */
  async pods(app: string): Promise<readonly unknown[]> {
    const labelSelector = `core.spinkube.dev/app-name=${app}`;
    const all = await this.cluster.list(this.core("pods"), { labelSelector });
    return all.filter((pod) => textAt(pod, "metadata", "deletionTimestamp") === "");
  }

  /** Requests that an app has answered, by the metrics of its pods. */
  async requests(app: string): Promise<number> {
    let sum = 0;
    for (const pod of await this.pods(app)) {
      const path = this.core("pods", `${nameOf(pod)}:${metricsPort}`, "proxy/metrics");
      const { status, text } = await this.cluster.ask(path);
      if (status !== 200) throw new Error(`the metrics of ${nameOf(pod)}: ${status} ${text}`);
      for (const { name, value } of readExposition(text)) {
        if (name === "whorl_requests_total") sum += value;
      }
    }
    return sum;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster.delete(`/api/v1/namespaces/${this.namespace}`);
  }

  #spec(): object {
    const { image, executor } = this.options;
    const health = { path: "/.well-known/spin/health" };
    return {
      ...{ image, executor, replicas: 1 },
      checks: { readiness: { httpGet: health, initialDelaySeconds: 0, periodSeconds: 1 } },
      resources: { requests: { cpu: "10m", memory: "32Mi" } },
      service: { appProtocol: "http" },
      telemetry: { metricsPort },
      terminationGracePeriodSeconds: 3,
    };
  }
}

/** A SpinApp of this name. */
export function spinApp(name: string, spec: object): object {
  return {
    ...{ apiVersion: "core.spinkube.dev/v1alpha1", kind: "SpinApp" },
    ...{ metadata: { name }, spec },
  };
}

/** Whether the status is about the newest spec. */
function isCurrent(app: Live): boolean {
  const { status, metadata } = app as {
    readonly status?: { readonly observedGeneration?: number };
    readonly metadata: { readonly generation?: number };
  };
  return status?.observedGeneration === metadata.generation;
}
