import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CuttingProxy } from "../../test/servers/cutting-proxy.ts";
import { currentEtcd } from "../../test/servers/etcd.ts";
import { KubeApiServer } from "../../test/servers/kube-apiserver.ts";
import { KubeClient } from "./client.ts";
import { byNamespace } from "./index-functions.ts";
import { KubeConfigTransport } from "./kube-config-transport.ts";
import type { KubeObject } from "./object.ts";
import { ObjectCache, type ObjectCacheOptions } from "./object-cache.ts";
import { resourceType } from "./resource.ts";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const configMaps = resourceType<ConfigMap>({
  apiVersion: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
});
const namespaces = resourceType({
  apiVersion: "v1",
  kind: "Namespace",
  plural: "namespaces",
  namespaced: false,
});

/** Resolves when the condition holds; the test's own timeout ends it otherwise. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A running cache that ends with its block, and what its handler was told. */
class RunningCache implements AsyncDisposable {
  readonly cache: ObjectCache<ConfigMap>;
  readonly told: string[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: Pick<ObjectCacheOptions<ConfigMap>, "client" | "selection">) {
    this.cache = new ObjectCache({ ...options, type: configMaps });
    this.cache.addHandler({
      added: ({ metadata }) => void this.told.push(`+${metadata.name}`),
      updated: ({ metadata, data }) => void this.told.push(`~${metadata.name}=${data?.["v"]}`),
      deleted: ({ metadata }) => void this.told.push(`-${metadata.name}`),
    });
    this.#running = this.cache.run(this.#stop.signal);
  }

  async synced(): Promise<void> {
    await this.cache.synced(this.#stop.signal);
  }

  /** Version of a value, as the cache has it. */
  value(name: string, namespace: string): string | undefined {
    return this.cache.store.get({ namespace, name })?.data?.["v"];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

/** Remembers which paths were asked for. */
class RecordedPaths implements Transport {
  readonly sent: string[] = [];
  readonly #transport: KubeConfigTransport;

  constructor(server: KubeApiServer) {
    this.#transport = new KubeConfigTransport(server.kubeConfig());
  }

  get host(): string {
    return this.#transport.host;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    this.sent.push(request.path);
    return await this.#transport.send(request);
  }

  forgetCredentials(): void {
    this.#transport.forgetCredentials();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }
}

describe.each([
  { name: "lists in pages (etcd without progress)", etcd: () => undefined, streams: false },
  { name: "initial events are streamed", etcd: currentEtcd, streams: true },
])("a cache over a real API server: $name", ({ etcd, streams }) => {
  let server: KubeApiServer;
  let transport: KubeConfigTransport;
  let client: KubeClient;
  let count = 0;

  beforeAll(async () => {
    const path = etcd();
    server = await KubeApiServer.start(path === undefined ? {} : { etcd: path });
    transport = new KubeConfigTransport(server.kubeConfig());
    client = new KubeClient({ transport, userAgent: "whorl-test" });
  });
  afterAll(async () => {
    await transport?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  async function newNamespace(): Promise<string> {
    const name = `test-${(count += 1)}`;
    await client.create(namespaces, { metadata: { name } });
    return name;
  }

  async function set(namespace: string, name: string, v: string): Promise<ConfigMap> {
    const object: ConfigMap = { metadata: { namespace, name, labels: { v } }, data: { v } };
    return await client.apply(configMaps, object, { fieldManager: "test", force: true });
  }

  test("what is there, then every change, with the old state in the store until then", async () => {
    const namespace = await newNamespace();
    await set(namespace, "a", "1");
    await set(namespace, "b", "1");
    await using running = new RunningCache({ client, selection: { namespace } });
    await running.synced();
    running.cache.addIndex("v", ({ data }) => Object.values(data ?? {}));
    expect(running.told.toSorted()).toEqual(["+a", "+b"]);
    await set(namespace, "a", "2");
    await client.delete(configMaps, { namespace, name: "b" });
    await set(namespace, "c", "2");
    await until(() => running.told.length === 5);
    expect(running.told.slice(2)).toEqual(["~a=2", "-b", "+c"]);
    const found = running.cache.store.byIndex("v", "2").map(({ metadata }) => metadata.name);
    expect(found.toSorted()).toEqual(["a", "c"]);
    expect(running.cache.store.get(`${namespace}/a`)?.metadata.managedFields).toBeUndefined();
    expect(running.cache.health).toEqual({ kind: "current" });
  });

  test("how everything is read first follows from what the server can do", async () => {
    const namespace = await newNamespace();
    await using paths = new RecordedPaths(server);
    const recorded = new KubeClient({ transport: paths, userAgent: "whorl-test" });
    await using running = new RunningCache({ client: recorded, selection: { namespace } });
    await running.synced();
    await set(namespace, "a", "1");
    await until(() => running.value("a", namespace) === "1");
    const [streamed, listed] = [/sendInitialEvents=true/, /\/configmaps\?limit=500$/];
    expect(paths.sent[0]).toMatch(streamed);
    expect(paths.sent.filter((path) => listed.test(path))).toHaveLength(streams ? 0 : 1);
    expect(paths.sent.filter((path) => path.includes("watch=true"))).toHaveLength(streams ? 1 : 2);
  });

  test("more objects than a page has: all of them, once, in all namespaces", async () => {
    const namespace = await newNamespace();
    const names = Array.from({ length: 510 }, (_, index) => `n${index}`);
    const free = names.values();
    const worker = async (): Promise<void> => {
      for (const name of free) await set(namespace, name, "1");
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    await using running = new RunningCache({ client });
    await running.synced();
    running.cache.addIndex("namespace", byNamespace);
    const { store } = running.cache;
    expect(store.byIndex("namespace", namespace)).toHaveLength(510);
    const told = running.told.filter((line) => line.startsWith("+n"));
    expect([told.length, new Set(told).size]).toEqual([510, 510]);
    const pages = [];
    for await (const page of client.pages(configMaps, { namespace })) pages.push(page.items.length);
    expect(pages).toEqual([500, 10]);
  });

  test("the API server is killed and comes back: the store stays, what was missed is told", async () => {
    const namespace = await newNamespace();
    await set(namespace, "a", "1");
    await using running = new RunningCache({ client, selection: { namespace } });
    await running.synced();
    await server.kill();
    await until(() => running.cache.health.kind === "disconnected");
    expect(running.value("a", namespace)).toBe("1");
    await server.restart();
    await set(namespace, "a", "2");
    await until(() => running.value("a", namespace) === "2");
    expect(running.cache.health).toEqual({ kind: "current" });
    expect(running.told).toEqual(["+a", "~a=2"]);
  });

  test("connections are cut after every number of bytes: in the end all is right", async () => {
    const namespace = await newNamespace();
    await using proxy = await CuttingProxy.start(server.port);
    const config = server.kubeConfig({ url: `https://127.0.0.1:${proxy.port}` });
    await using cutTransport = new KubeConfigTransport(config);
    const cutClient = new KubeClient({ transport: cutTransport, userAgent: "whorl-test" });
    await set(namespace, "a", "0");
    await set(namespace, "gone", "0");
    await using running = new RunningCache({ client: cutClient, selection: { namespace } });
    await running.synced();
    // In the TLS handshake, in the head of the answer, inside an event, between events.
    const cuts = [0, 100, 1500, 2000, 2600, 4000];
    for (const [index, bytes] of cuts.entries()) {
      proxy.cutAfter(bytes);
      proxy.cut();
      await set(namespace, "a", `${index + 1}`);
      await until(() => running.cache.health.kind === "disconnected");
      proxy.cutAfter(Number.POSITIVE_INFINITY);
      proxy.cut();
      await until(() => running.value("a", namespace) === `${index + 1}`);
    }
    proxy.refuse(true);
    proxy.cut();
    await client.delete(configMaps, { namespace, name: "gone" });
    await until(() => running.cache.health.kind === "disconnected");
    expect(running.value("gone", namespace)).toBe("0");
    proxy.refuse(false);
    await until(() => running.value("gone", namespace) === undefined);
    expect(running.told.at(-1)).toBe("-gone");
  });

  test("history is compacted while the watch is cut: what changed and went is told once", async () => {
    const namespace = await newNamespace();
    await using proxy = await CuttingProxy.start(server.port);
    const config = server.kubeConfig({ url: `https://127.0.0.1:${proxy.port}` });
    await using cutTransport = new KubeConfigTransport(config);
    const cutClient = new KubeClient({ transport: cutTransport, userAgent: "whorl-test" });
    for (const name of ["changes", "goes", "stays"]) await set(namespace, name, "1");
    await using running = new RunningCache({ client: cutClient, selection: { namespace } });
    await running.synced();
    proxy.refuse(true);
    proxy.cut();
    await set(namespace, "changes", "2");
    await client.delete(configMaps, { namespace, name: "goes" });
    await set(namespace, "comes", "2");
    await server.etcd.compact();
    // The watch cache of the API server remembers more than etcd: only a new one has forgotten.
    await server.kill();
    await server.restart();
    proxy.refuse(false);
    await until(() => running.value("comes", namespace) === "2");
    const missed = running.told.slice(3).toSorted();
    expect(missed).toEqual(["+comes", "-goes", "~changes=2"]);
  });

  test("a watch of a version that was compacted is refused as Expired", async () => {
    const namespace = await newNamespace();
    const { metadata } = await set(namespace, "a", "1");
    await set(namespace, "a", "2");
    await server.etcd.compact();
    await server.kill();
    await server.restart();
    const { resourceVersion } = metadata;
    const events = client.watch(configMaps, { namespace, resourceVersion, timeoutMs: 5000 });
    await expect(Array.fromAsync(events)).rejects.toMatchObject({ reason: "Expired", status: 410 });
  });

  test("after the abort nothing is left open, at whatever moment it comes", async () => {
    await using proxy = await CuttingProxy.start(server.port);
    const config = server.kubeConfig({ url: `https://127.0.0.1:${proxy.port}` });
    for (const ms of [0, 1, 5, 10, 20, 50, 100, 200]) {
      const stop = new AbortController();
      const cutTransport = new KubeConfigTransport(config);
      const cutClient = new KubeClient({ transport: cutTransport, userAgent: "whorl-test" });
      const cache = new ObjectCache({ client: cutClient, type: configMaps });
      const running = cache.run(stop.signal);
      setTimeout(() => stop.abort(), ms);
      await running;
      expect(cache.health).toEqual({ kind: "stopped" });
      await cutTransport[Symbol.asyncDispose]();
      await until(() => proxy.open === 0);
    }
    const before = proxy.connections;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(proxy.connections).toBe(before);
  });
});
