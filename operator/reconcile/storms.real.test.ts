import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OperatorProcess } from "../../test/operator/operator-process.ts";
import { TestCluster, poll, readyReason, spinApp } from "../../test/operator/test-cluster.ts";
import { TestOperator } from "../../test/operator/test-operator.ts";
import { leaseName } from "../api/names.ts";
import { systemClock } from "../kube/clock.ts";
import { resourceType } from "../kube/resource.ts";
import { deployments, spinApps } from "./resources.ts";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start();
  cluster.server.kubectl(["create", "namespace", "spin-operator"]);
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test("somebody who writes the same objects all the time costs no more than their writes", async () => {
  const namespace = cluster.namespace();
  await using operator = await TestOperator.start(cluster.server, { namespace });
  expect(cluster.apply(namespace, spinApp("a"))).toBe("");
  await cluster.until(namespace, "spinapp/a", (live) => readyReason(live) !== undefined);
  const before = operator.requests.length;
  const rounds = 50;
  const at = { namespace, name: "a" };
  for (let round = 0; round < rounds; round++) {
    const label = { metadata: { labels: { theirs: `${round}` } } };
    // One write that is none of ours, one that undoes us, one that touches the app.
    await Promise.all([
      cluster.client.patch(deployments, at, label),
      cluster.client.patch(deployments, at, {
        spec: { template: { spec: { serviceAccountName: "x" } } },
      }),
      cluster.client.patch(spinApps, at, { spec: { image: `registry.example/hello:${round}` } }),
    ]);
  }
  const live = await cluster.until(
    namespace,
    "deployment/a",
    ({ spec }) =>
      spec.template.spec.containers[0]?.image === `registry.example/hello:${rounds - 1}`,
  );
  expect(live.metadata.labels).toMatchObject({ theirs: `${rounds - 1}` });
  await cluster.until(namespace, "deployment/a", ({ spec }) =>
    JSON.stringify(spec.template).includes('"serviceAccountName":"default"'),
  );
  // At most an apply for each foreign write, and a status now and then.
  expect(operator.requests.length - before).toBeLessThanOrEqual(rounds * 4);
  const settled = operator.requests.length;
  await delay(2_000);
  expect(operator.requests.length - settled).toBeLessThanOrEqual(1);
});

test("the wall clock jumps: apps go on, times never run backwards within a condition", async () => {
  const namespace = cluster.namespace();
  let offsetMs = 0;
  const clock = { ...systemClock, date: () => new Date(Date.now() + offsetMs) };
  await using _operator = await TestOperator.start(cluster.server, { namespace, clock });
  for (const [index, hours] of [0, 48, -48].entries()) {
    offsetMs = hours * 3_600_000;
    const name = `a${index}`;
    expect(cluster.apply(namespace, spinApp(name))).toBe("");
    const live = await cluster.until(
      namespace,
      `spinapp/${name}`,
      (app) => readyReason(app) !== undefined,
    );
    expect(live.status?.["observedGeneration"]).toBe(live.metadata.generation);
    cluster.apply(namespace, spinApp(name).replace("hello:1", "hello:2"));
    await cluster.until(
      namespace,
      `deployment/${name}`,
      ({ spec }) => spec.template.spec.containers[0]?.image === "registry.example/hello:2",
    );
  }
});

const leases = resourceType<{ metadata: { name: string }; spec: { holderIdentity?: string } }>({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  plural: "leases",
});

async function holder(): Promise<string | undefined> {
  const key = { namespace: "spin-operator", name: leaseName };
  return (await cluster.client.get(leases, key)).spec.holderIdentity;
}

test("the API server is killed and comes back: the same process goes on", async () => {
  const namespace = cluster.namespace();
  await using operator = await OperatorProcess.start(cluster.server);
  expect(cluster.apply(namespace, spinApp("a"))).toBe("");
  await cluster.until(namespace, "deployment/a");
  const { pid } = operator;
  await cluster.server.kill();
  await delay(1_000);
  await cluster.server.restart();
  expect(cluster.apply(namespace, spinApp("b"))).toBe("");
  await cluster.until(namespace, "deployment/b");
  expect(operator.pid).toBe(pid);
  expect(operator.output).not.toContain("nobody cared");
});

test("of two whole operators the leader crashes: the other takes over", async () => {
  const namespace = cluster.namespace();
  const args = ["--leader-elect", "--metrics-secure=false"];
  await using first = await OperatorProcess.start(cluster.server, { args });
  expect(cluster.apply(namespace, spinApp("a"))).toBe("");
  await cluster.until(namespace, "deployment/a");
  const leader = await holder();
  await using _second = await OperatorProcess.start(cluster.server, { args });
  await first.kill();
  expect(cluster.apply(namespace, spinApp("b"))).toBe("");
  // The Lease runs out first: another process could still be at work until then.
  await cluster.until(namespace, "deployment/b");
  expect(await holder()).not.toBe(leader);
});

test("a leader whose Lease is taken away stops, and its process ends", async () => {
  const namespace = cluster.namespace();
  const key = { namespace: "spin-operator", name: leaseName };
  await using operator = await OperatorProcess.start(cluster.server, { args: ["--leader-elect"] });
  expect(cluster.apply(namespace, spinApp("a"))).toBe("");
  await cluster.until(namespace, "deployment/a");
  await cluster.client.patch(leases, key, {
    spec: { holderIdentity: "thief", renewTime: new Date().toISOString().replace("Z", "000Z") },
  });
  await poll(
    () => operator.output,
    () => operator.output.includes("another replica leads"),
  );
  expect(cluster.apply(namespace, spinApp("late"))).toBe("");
  await delay(1_000);
  expect(cluster.get(namespace, "deployment/late")).toBeUndefined();
});
