import { afterAll, beforeAll, expect, test } from "vitest";
import { setTimeout as delay } from "node:timers/promises";
import { KubeControllerManager } from "../../test/servers/kube-controller-manager.ts";
import { spinApps } from "./resources.ts";
import { TestCluster, readyReason, spinApp } from "../../test/operator/test-cluster.ts";
import { TestOperator } from "../../test/operator/test-operator.ts";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test("what the controller manager refuses is told; a deleted app takes its children, an orphaned one not", async () => {
  await using _manager = await KubeControllerManager.start(cluster.server);
  const namespace = cluster.namespace();
  await using operator = await TestOperator.start(cluster.server, { namespace });
  const kubectl = (...args: readonly string[]): string =>
    cluster.server.kubectl(["-n", namespace, ...args]);
  expect(cluster.apply(namespace, spinApp("a"))).toBe("");
  const refused = await cluster.until(
    namespace,
    "spinapp/a",
    (live) => readyReason(live) === "FailedCreate",
  );
  expect(JSON.stringify(refused.status)).toContain('RuntimeClass \\"wasmtime-spin-v2\\" not found');
  const runtimeClass =
    "{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: wasmtime-spin-v2}, handler: spin}";
  cluster.server.kubectl(["apply", "-f", "-"], runtimeClass);
  kubectl("delete", "spinapp/a", "--wait=false");
  await cluster.gone(namespace, "deployment/a");
  for (const name of ["a", "b"]) {
    expect(cluster.apply(namespace, spinApp(name, "podDisruptionBudget: {minAvailable: 1}"))).toBe(
      "",
    );
    await cluster.until(
      namespace,
      `spinapp/${name}`,
      (live) => readyReason(live) !== undefined && live.status?.["updatedReplicas"] === 1,
    );
  }
  kubectl("delete", "spinapp/a", "--wait=false");
  for (const child of ["deployment/a", "service/a", "pdb/a", "secret/a-760b133c"]) {
    await cluster.gone(namespace, child);
  }
  kubectl("delete", "spinapp/b", "--cascade=orphan", "--wait=false");
  await cluster.gone(namespace, "spinapp/b");
  const left = await cluster.until(namespace, "deployment/b");
  expect(left.metadata.ownerReferences ?? []).toEqual([]);
  cluster.apply(namespace, spinApp("b", "podDisruptionBudget: {minAvailable: 1}"));
  const adopted = await cluster.until(
    namespace,
    "deployment/b",
    ({ metadata }) => metadata.ownerReferences?.length === 1,
  );
  expect(adopted.metadata.uid).toBe(left.metadata.uid);
  expect(adopted.spec.template).toEqual(left.spec.template);
  expect(operator.announcements.map(({ reason }) => reason)).not.toContain("NameTaken");
});

/** The bench does this with 1,000 and 5,000. */
const count = 200;
const callsPerAppMax = 6;

test("200 apps at once: at most 6 requests for each, and none for a resync", async () => {
  const namespace = cluster.namespace();
  const before = await TestOperator.start(cluster.server, { namespace });
  const { client } = before;
  const names = Array.from({ length: count }, (_, index) => `app-${index}`);
  for (let start = 0; start < count; start += 50) {
    const batch = names.slice(start, start + 50);
    await Promise.all(
      batch.map(async (name) => {
        const spec = { image: "registry.example/hello:1", executor: "containerd-shim-spin" };
        const app = { metadata: { name, namespace }, spec };
        await client.create(spinApps, app);
      }),
    );
  }
  const creates = count;
  const isDone = async (): Promise<number> => {
    const list = await client.list(spinApps, { namespace });
    return list.items.filter(({ status }) => status?.serviceName !== undefined).length;
  };
  while ((await isDone()) < count) await delay(500);
  const perApp = (before.requests.length - creates) / count;
  expect(perApp).toBeLessThanOrEqual(callsPerAppMax);
  expect(perApp).toBeGreaterThanOrEqual(4);
  await before[Symbol.asyncDispose]();

  await using after = await TestOperator.start(cluster.server, { namespace });
  cluster.apply(namespace, spinApp("newcomer"));
  await cluster.until(
    namespace,
    "spinapp/newcomer",
    ({ status }) => status?.conditions !== undefined,
  );
  await delay(2_000);
  expect(after.requests.filter((request) => !request.includes("newcomer"))).toEqual([
    `POST /api/v1/namespaces/${namespace}/secrets`,
  ]);
});
