import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";
import { Cluster } from "../../deploy/conformance/cluster.ts";
import { nameOf } from "../../deploy/conformance/read-json.ts";
import { metricsPort } from "../../deploy/conformance/trial.ts";
import { readExposition } from "../../runtime/telemetry/metrics/read-exposition.ts";
import { makeCertificate } from "../servers/certificate.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import type { ClusterClient } from "./cluster-client.ts";

const version = "custom.metrics.k8s.io/v1beta2";
const metric = "whorl_requests_per_second";
/** Between two readings of a counter. */
const readEveryMs = 1_000;
const servedMsMax = 60_000;

interface Reading {
  readonly atMs: number;
  readonly requests: number;
  readonly perSecond: number;
}

/**
 * What an adapter of Prometheus is to a cluster: an API of metrics about pods, made of what the pods
 * count. There is one metric: requests per second of apps.
 */
export class CustomMetrics implements AsyncDisposable {
  readonly #client: ClusterClient;
  readonly #stack: AsyncDisposableStack;

  private constructor(client: ClusterClient, stack: AsyncDisposableStack) {
    this.#client = client;
    this.#stack = stack;
  }

  /** Resolves when the API server passes requests on to it. */
  static async start(client: ClusterClient): Promise<CustomMetrics> {
    await using stack = new AsyncDisposableStack();
    const config = new KubeConfig();
    config.loadFromFile(client.access.kubeconfig);
    const cluster = stack.use(new Cluster(config));
    const folder = stack.use(new TemporaryFolder({}));
    const { certFile, keyFile } = makeCertificate(folder.path);
    const answering = new Answering(cluster);
    const server = createServer(
      { cert: readFileSync(certFile), key: readFileSync(keyFile) },
      (request, response) => void answering.answer(request, response),
    );
    stack.defer(() => closed(server));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const service = { name: "custom-metrics", namespace: "kube-system" };
    client.apply(
      [
        // The API server is on this machine: it finds the address by itself.
        { apiVersion: "v1", kind: "Service", metadata: service, spec: external(port) },
        {
          ...{ apiVersion: "apiregistration.k8s.io/v1", kind: "APIService" },
          metadata: { name: apiService },
          spec: {
            ...{ group: "custom.metrics.k8s.io", version: "v1beta2" },
            ...{ groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true },
            service: { ...service, port },
          },
        },
      ]
        .map((each) => JSON.stringify(each))
        .join("\n---\n"),
    );
    const metrics = new CustomMetrics(client, stack.move());
    try {
      // Not by kubectl, which would be waited for without answering anybody.
      const deadline = performance.now() + servedMsMax;
      while ((await cluster.resources(version))?.includes(`pods/${metric}`) !== true) {
        if (performance.now() > deadline) throw new Error(`${version} is not served`);
        await delay(200);
      }
    } catch (error) {
      await metrics[Symbol.asyncDispose]();
      throw error;
    }
    return metrics;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.kubectl("delete", "apiservice", apiService);
    this.#client.kubectl("-n", "kube-system", "delete", "service", "custom-metrics");
    await this.#stack[Symbol.asyncDispose]();
  }
}

const apiService = "v1beta2.custom.metrics.k8s.io";

function external(port: number): object {
  return { type: "ExternalName", externalName: "127.0.0.1", ports: [{ port }] };
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

/** The API itself. */
class Answering {
  readonly #cluster: Cluster;
  readonly #readings = new Map<string, Reading>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "", "https://here");
    try {
      const found = await this.#find(pathname, searchParams.get("labelSelector") ?? "");
      response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(found ?? { kind: "Status", apiVersion: "v1", code: 404 }));
    } catch (error) {
      response.writeHead(500, { "content-type": "text/plain" }).end(String(error));
    }
  }

  async #find(path: string, labelSelector: string): Promise<object | undefined> {
    if (path === `/apis/${version}`) {
      const verbs = ["get"];
      const resource = { name: `pods/${metric}`, singularName: "", namespaced: true, verbs };
      return {
        ...{ kind: "APIResourceList", apiVersion: "v1", groupVersion: version },
        resources: [{ ...resource, kind: "MetricValueList" }],
      };
    }
    const asked = new RegExp(`^/apis/${version}/namespaces/([^/]+)/pods/(?:\\*|%2A)/${metric}$`);
    const namespace = asked.exec(path)?.[1];
    if (namespace === undefined) return undefined;
    const pods = await this.#cluster.list(`/api/v1/namespaces/${namespace}/pods`, {
      labelSelector,
    });
    const items = await Promise.all(pods.map((pod) => this.#item(namespace, nameOf(pod))));
    return { kind: "MetricValueList", apiVersion: version, metadata: {}, items };
  }

  async #item(namespace: string, name: string): Promise<object> {
    const { perSecond } = await this.#reading(namespace, name);
    return {
      describedObject: { kind: "Pod", apiVersion: "/v1", namespace, name },
      metric: { name: metric, selector: null },
      timestamp: new Date().toISOString(),
      value: `${Math.round(perSecond * 1000)}m`,
    };
  }

  async #reading(namespace: string, name: string): Promise<Reading> {
    const key = `${namespace}/${name}`;
    const before = this.#readings.get(key);
    const atMs = performance.now();
    if (before !== undefined && atMs - before.atMs < readEveryMs) return before;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}:${metricsPort}/proxy/metrics`;
    const { status, text } = await this.#cluster.ask(path);
    // A pod that has just begun does not answer yet.
    const values = status === 200 ? readExposition(text) : [];
    const requests = values
      .filter((each) => each.name === "whorl_requests_total")
      .reduce((sum, { value }) => sum + value, 0);
    const grown = Math.max(0, requests - (before?.requests ?? requests));
    const perSecond = before === undefined ? 0 : (grown / (atMs - before.atMs)) * 1000;
    const reading = { atMs, requests, perSecond };
    this.#readings.set(key, reading);
    return reading;
  }
}
