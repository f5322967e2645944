import { afterAll, beforeAll, expect, test } from "vitest";
import { KubeApiServer } from "../../test/servers/kube-apiserver.ts";
import { Caches } from "./caches.ts";
import { KubeClient } from "./client.ts";
import { Controller, type ReconcileResult, source } from "./controller.ts";
import { KubeConfigTransport } from "./kube-config-transport.ts";
import { LeaderElector } from "./leader-elector.ts";
import { type KubeObject, controllerOf } from "./object.ts";
import { resourceType } from "./resource.ts";
import { runControllers } from "./run-controllers.ts";

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const configMaps = resourceType<ConfigMap>({
  apiVersion: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
});
const secrets = resourceType<KubeObject & { stringData?: object; data?: Record<string, string> }>({
  apiVersion: "v1",
  kind: "Secret",
  plural: "secrets",
});
const namespace = "default";
const selection = { namespace, labelSelector: "test=yes" };

let server: KubeApiServer;
let transport: KubeConfigTransport;
let client: KubeClient;

beforeAll(async () => {
  server = await KubeApiServer.start();
  transport = new KubeConfigTransport(server.kubeConfig());
  client = new KubeClient({ transport, userAgent: "whorl-test" });
});
afterAll(async () => {
  await transport?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A whole operator that makes a Secret of the same content for each ConfigMap. */
class CopyOperator {
  readonly result: Promise<string>;
  readonly caches: Caches;
  readonly elector: LeaderElector;
  readonly #stop = new AbortController();
  reconciled = 0;

  constructor(identity: string) {
    this.caches = new Caches({ client });
    const maps = this.caches.of(configMaps, { selection });
    const copies = this.caches.of(secrets, { selection });
    const controller = new Controller({
      name: "copies",
      concurrency: 8,
      sources: [
        source(maps, ({ metadata }) => [metadata]),
        source(copies, (copy) => {
          const owner = controllerOf(copy);
          return owner === undefined ? [] : [{ namespace, name: owner.name }];
        }),
      ],
      reconcile: async (key): Promise<ReconcileResult> => {
        this.reconciled += 1;
        const map = maps.store.get(key);
        if (map === undefined) return { kind: "done" };
        const wanted = Buffer.from(map.data?.["v"] ?? "").toString("base64");
        if (copies.store.get(key)?.data?.["v"] !== wanted) await copy(map);
        return { kind: "done" };
      },
    });
    this.elector = new LeaderElector({
      client,
      lease: { namespace, name: "copies" },
      identity,
      retryMs: 300,
    });
    const { caches, elector } = this;
    const controllers = [controller];
    this.result = runControllers({ caches, controllers, elector, signal: this.#stop.signal });
  }

  copyOf(name: string): { readonly v: string; readonly uid: string | undefined } | undefined {
    const copied = this.caches.of(secrets, { selection }).store.get({ namespace, name });
    if (copied === undefined) return undefined;
    return {
      v: Buffer.from(copied.data?.["v"] ?? "", "base64").toString(),
      uid: copied.metadata.uid,
    };
  }

  get copies(): number {
    return this.caches.of(secrets, { selection }).store.size;
  }

  async stop(): Promise<string> {
    this.#stop.abort();
    return await this.result;
  }
}

async function copy({ metadata, data }: ConfigMap): Promise<void> {
  const { name, uid = "" } = metadata;
  const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name, uid, controller: true }];
  const labels = { test: "yes" };
  await client.apply(
    secrets,
    { metadata: { namespace, name, labels, ownerReferences }, stringData: { v: data?.["v"] } },
    { fieldManager: "copies", force: true },
  );
}

async function set(name: string, v: string): Promise<void> {
  const metadata = { namespace, name, labels: { test: "yes" } };
  await client.apply(configMaps, { metadata, data: { v } }, { fieldManager: "test", force: true });
}

test("300 objects through a change of leaders and a restart of the API server", async () => {
  const names = Array.from({ length: 300 }, (_, index) => `n${index}`);
  const free = names.values();
  const make = async (): Promise<void> => {
    for (const name of free) await set(name, "1");
  };
  await Promise.all(Array.from({ length: 16 }, make));

  const first = new CopyOperator("first");
  await until(() => first.copies === 300);
  const second = new CopyOperator("second");
  await until(() => second.copies === 300);

  // What somebody takes away comes back.
  const uid = first.copyOf("n5")?.uid;
  await client.delete(secrets, { namespace, name: "n5" });
  await until(() => (first.copyOf("n5")?.uid ?? uid) !== uid);
  expect(second.reconciled).toBe(0);

  await server.kill();
  await server.restart();
  await set("n7", "2");
  await until(() => first.copyOf("n7")?.v === "2");

  // A standby has everything at hand, and does not begin before it leads.
  expect(second.reconciled).toBe(0);
  expect(await first.stop()).toBe("stopped");
  await until(() => second.elector.leads);
  await set("n9", "3");
  await until(() => second.copyOf("n9")?.v === "3");
  expect(await second.stop()).toBe("stopped");
});
