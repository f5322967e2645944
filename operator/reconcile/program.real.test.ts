import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  OperatorProcess,
  generatedRules,
  operatorMain,
} from "../../test/operator/operator-process.ts";
import { TestCluster, spinApp } from "../../test/operator/test-cluster.ts";

let cluster: TestCluster;

/** The program runs as a user who has just the rights of deploy/rbac. */
beforeAll(async () => {
  cluster = await TestCluster.start();
  cluster.server.kubectl(["create", "namespace", "spin-operator"]);
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function start(...args: readonly string[]): Promise<OperatorProcess> {
  const { server } = cluster;
  generatedRules(server, ["cluster-wide", "leader-election", "metrics", "people"]);
  return await OperatorProcess.start(server, {
    token: server.weakToken,
    args: ["--leader-elect", ...args],
  });
}

test("the program does all of its work with the rights of deploy/rbac", async () => {
  const namespace = cluster.namespace();
  await using program = await start();
  const { server } = cluster;
  const everything = "autoscaling: {maxReplicas: 3}, podDisruptionBudget: {minAvailable: 1}";
  const app = spinApp("a", everything).replace("replicas: 1, ", "");
  expect(cluster.apply(namespace, app)).toBe("");
  const executor =
    "{apiVersion: core.spinkube.dev/v1alpha1, kind: SpinAppExecutor, metadata: {name: x}, spec: {createDeployment: false}}";
  expect(cluster.apply(namespace, executor)).toBe("");
  for (const child of [
    "deployment/a",
    "service/a",
    "hpa/a",
    "pdb/a",
    "secret/a-760b133c",
    "secret/spin-ca",
  ]) {
    await cluster.until(namespace, child);
  }
  await cluster.until(
    namespace,
    "spinappexecutor/x",
    ({ metadata }) => metadata.finalizers !== undefined,
  );
  await cluster.until(namespace, "spinapp/a", ({ status }) => status?.["url"] !== undefined);
  expect(cluster.apply(namespace, spinApp("a", "job: {}"))).toBe("");
  await cluster.gone(namespace, "hpa/a");
  await cluster.gone(namespace, "deployment/a");
  await expect.poll(() => cluster.names(namespace, "jobs"), { timeout: 10_000 }).toHaveLength(1);
  expect(cluster.apply(namespace, spinApp("b", "containers: [{name: Bad_Name}]"))).toBe("");
  await expect
    .poll(() => server.kubectl(["get", "events", "-n", namespace]), { timeout: 10_000 })
    .toContain("Refused");

  expect((await program.metrics()).status).toBe(401);
  const metrics = await program.metrics(server.token);
  expect(metrics.status).toBe(200);
  expect(metrics.text).toContain('controller_runtime_reconcile_total{controller="spinapp"');
  expect(program.output).not.toContain("forbidden");
});

test("of two programs one works; when it ends, the other goes on at once", async () => {
  const namespace = cluster.namespace();
  const first = await start();
  expect(cluster.apply(namespace, spinApp("a"))).toBe("");
  await cluster.until(namespace, "deployment/a");
  await using _second = await start();
  await first[Symbol.asyncDispose]();
  expect(cluster.apply(namespace, spinApp("b"))).toBe("");
  await cluster.until(namespace, "deployment/b");
});

test("a wrong flag ends the program with the usage and code 2", () => {
  const { status, stderr } = spawnSync(process.execPath, [operatorMain, "--unknown"], {
    encoding: "utf8",
  });
  expect(status).toBe(2);
  expect(stderr).toContain("--metrics-bind-address ADDRESS");
});

test("in one namespace the program does with rights in that namespace", async () => {
  const { server } = cluster;
  const [watched, other] = [cluster.namespace(), cluster.namespace()];
  server.kubectl(["delete", "clusterrolebinding", "spin-operator-manager-rolebinding"]);
  generatedRules(server, ["one-namespace", "leader-election"], watched);
  await using program = await OperatorProcess.start(server, {
    token: server.weakToken,
    args: ["--leader-elect", "--watch-namespace", watched, "--metrics-secure=false"],
  });
  const shared =
    "{apiVersion: core.spinkube.dev/v1alpha1, kind: SpinAppExecutor, metadata: {name: everywhere}, spec: {createDeployment: true, clusterDefault: true, deploymentConfig: {runtimeClassName: shared}}}";
  expect(cluster.apply("spin-operator", shared)).toBe("");
  const app = spinApp("a").replace("containerd-shim-spin", "everywhere");
  expect(cluster.apply(other, app)).toBe("");
  expect(cluster.apply(watched, app)).toBe("");
  const { spec } = await cluster.until(watched, "deployment/a");
  expect(spec.template.spec.runtimeClassName).toBe("shared");
  await cluster.until(watched, "spinapp/a", ({ status }) => status?.["url"] !== undefined);
  expect(cluster.get(other, "deployment/a")).toBeUndefined();
  expect(program.output).not.toContain("forbidden");
});
