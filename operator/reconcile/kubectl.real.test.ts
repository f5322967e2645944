import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kubernetesTool } from "../../test/servers/kubernetes-tools.ts";
import { TestCluster, readyReason, spinApp } from "../../test/operator/test-cluster.ts";
import { TestOperator } from "../../test/operator/test-operator.ts";
import { deployments } from "./resources.ts";

const run = promisify(execFile);

let cluster: TestCluster;
let operator: TestOperator;
let namespace: string;

beforeAll(async () => {
  cluster = await TestCluster.start();
  namespace = cluster.namespace();
  operator = await TestOperator.start(cluster.server, { namespace });
});

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

function kubectl(...args: readonly string[]): string {
  return cluster.server.kubectl(["-n", namespace, ...args]);
}

/** What the Deployment controller and a kubelet would say. */
async function pretendRolledOut(name: string, replicas: number): Promise<void> {
  const { metadata } = await cluster.client.get(deployments, { namespace, name });
  const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas };
  const observed = { observedGeneration: metadata.generation, availableReplicas: replicas };
  const status = { ...counts, ...observed };
  await cluster.client.patch(
    deployments,
    { namespace, name },
    { status },
    { subresource: "status" },
  );
}

const withoutReplicas = (name: string): string => spinApp(name).replace("replicas: 1", "");

test("kubectl scale on an app that names no replicas sets them", async () => {
  expect(cluster.apply(namespace, withoutReplicas("unsaid"))).toBe("");
  await cluster.until(namespace, "deployment/unsaid", ({ spec }) => spec.replicas === 1);
  kubectl("scale", "spinapp/unsaid", "--replicas=4");
  await cluster.until(namespace, "deployment/unsaid", ({ spec }) => spec.replicas === 4);
  expect(cluster.get(namespace, "spinapp/unsaid")?.spec.replicas).toBe(4);
});

test("kubectl wait sees Ready come", async () => {
  expect(cluster.apply(namespace, spinApp("waited"))).toBe("");
  await cluster.until(namespace, "spinapp/waited", (live) => readyReason(live) !== undefined);
  expect(() => kubectl("wait", "--for=condition=Ready", "--timeout=1s", "spinapp/waited")).toThrow(
    "timed out",
  );
  // Not kubectl(): the operator is in this process and has to go on meanwhile.
  const waiting = run(kubernetesTool("kubectl"), [
    ...["--kubeconfig", cluster.server.kubeconfigFile, "-n", namespace],
    ...["wait", "--for=condition=Ready", "--timeout=60s", "spinapp/waited"],
  ]);
  await pretendRolledOut("waited", 1);
  expect((await waiting).stdout).toContain("condition met");
});

test("kubectl get shows what people ask for, under the short name and among all", async () => {
  expect(cluster.apply(namespace, spinApp("shown"))).toBe("");
  await cluster.until(namespace, "deployment/shown");
  await pretendRolledOut("shown", 1);
  await cluster.until(namespace, "spinapp/shown", (live) => readyReason(live) === "AppReady");
  const [head = "", row = ""] = kubectl("get", "spinapps", "shown").split("\n");
  const columns = ["NAME", "READY", "DESIRED", "EXECUTOR", "STATUS", "URL", "AGE"];
  expect(head.split(/\s+/u)).toEqual(columns);
  expect(row.split(/\s+/u).slice(0, 6)).toEqual([
    ...["shown", "1", "1", "containerd-shim-spin", "AppReady"],
    `http://shown.${namespace}.svc`,
  ]);
  const wide = kubectl("get", "spin", "shown", "-o", "wide").split("\n");
  expect(wide[0]).toMatch(/DEPLOYMENT\s+SERVICE\s+IMAGE/u);
  expect(kubectl("get", "all", "-o", "name")).toContain("spinapp.core.spinkube.dev/shown");
});

test.each([
  { path: "spinapp.spec.image", text: "OCI reference" },
  { path: "spinapp.spec.checks.readiness.httpGet", text: "path" },
  { path: "spinapp.spec.autoscaling", text: "maxReplicas" },
  { path: "spinapp.status.conditions", text: "lastTransitionTime" },
  { path: "spinappexecutor.spec.deploymentConfig", text: "RuntimeClass" },
])("kubectl explain $path", async ({ path, text }) => {
  // The API server publishes schemas some time after it serves the kinds.
  await expect.poll(() => explained(path), { timeout: 60_000, interval: 500 }).toContain(text);
  expect(explained(path)).toMatch(/DESCRIPTION:\n\s+\S/u);
});

function explained(path: string): string {
  try {
    return kubectl("explain", path);
  } catch (error) {
    return String(error);
  }
}
