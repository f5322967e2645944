import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rbacFiles } from "../api/generate-rbac.ts";
import { TemporaryFolder } from "../../test/temporary-folder.ts";
import { ServerProcess, freePort } from "../../test/servers/server-process.ts";
import { TestCluster, spinApp } from "../../test/operator/test-cluster.ts";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

let cluster: TestCluster;
let folder: TemporaryFolder;
let kubeconfig: string;

/** The program runs as a user who has just the rights of deploy/rbac. */
beforeAll(async () => {
  cluster = await TestCluster.start();
  const { server } = cluster;
  server.kubectl(["create", "namespace", "spin-operator"]);
  const files = rbacFiles();
  const names = ["service-account", "cluster-wide", "leader-election", "metrics", "people"];
  for (const name of names) {
    const account =
      "kind: ServiceAccount\n    name: spin-operator-controller-manager\n    namespace: spin-operator";
    const user = "kind: User\n    apiGroup: rbac.authorization.k8s.io\n    name: nobody";
    const text = files[`${name}.yaml`] ?? "";
    server.kubectl(["apply", "-f", "-"], text.replaceAll(account, user));
  }
  folder = new TemporaryFolder({});
  kubeconfig = folder.file("kubeconfig");
  writeFileSync(kubeconfig, server.kubeConfig({ token: server.weakToken }).exportConfig());
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function start(...more: readonly string[]): Promise<{
  readonly program: ServerProcess;
  readonly health: string;
  readonly metrics: string;
}> {
  const [health, metrics] = [await freePort(), await freePort()];
  const readyz = `http://127.0.0.1:${health}/readyz`;
  const program = await ServerProcess.start({
    program: process.execPath,
    args: [
      main,
      ...["--kubeconfig", kubeconfig, "--leader-elect", "--enable-webhooks"],
      `--health-probe-bind-address=127.0.0.1:${health}`,
      `--metrics-bind-address=127.0.0.1:${metrics}`,
      ...more,
    ],
    probe: async () => {
      const { status } = await fetch(readyz);
      if (status !== 200) throw new Error(`readyz answers ${status}`);
    },
  });
  return { program, health: readyz, metrics: `http://127.0.0.1:${metrics}/metrics` };
}

test("the program does all of its work with the rights of deploy/rbac", async () => {
  const namespace = cluster.namespace();
  const { program, metrics } = await start();
  await using _program = program;
  const { server } = cluster;
  const everything =
    "autoscaling: {maxReplicas: 3}, podDisruptionBudget: {minAvailable: 1}".replace(
      "replicas: 1",
      "",
    );
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

  expect((await fetch(metrics)).status).toBe(401);
  const token = `Bearer ${server.token}`;
  const response = await fetch(metrics, { headers: { authorization: token } });
  expect(response.status).toBe(200);
  expect(await response.text()).toContain(
    'controller_runtime_reconcile_total{controller="spinapp"',
  );
  expect(program.output).not.toContain("forbidden");
});

test("of two programs one works; when it ends, the other goes on at once", async () => {
  const namespace = cluster.namespace();
  const first = await start();
  expect(cluster.apply(namespace, spinApp("a"))).toBe("");
  await cluster.until(namespace, "deployment/a");
  const second = await start();
  await using _second = second.program;
  await first.program[Symbol.asyncDispose]();
  expect(cluster.apply(namespace, spinApp("b"))).toBe("");
  await cluster.until(namespace, "deployment/b");
});

test("a wrong flag ends the program with the usage and code 2", () => {
  const { status, stderr } = spawnSync(process.execPath, [main, "--unknown"], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toContain("--metrics-bind-address ADDRESS");
});
