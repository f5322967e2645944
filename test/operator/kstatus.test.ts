/** What Helm 4, Flux and everybody else with kstatus make of an app in each of its states. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { deployments } from "../../operator/reconcile/resources.ts";
import { type ComputedStatus, kstatus } from "../servers/kstatus.ts";
import { type Live, TestCluster, poll, readyReason, spinApp } from "./test-cluster.ts";
import { TestOperator } from "./test-operator.ts";

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await TestCluster.start();
  namespace = cluster.namespace();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

function live(name: string): Live {
  const found = cluster.get(namespace, `spinapp/${name}`);
  if (found === undefined) throw new Error(`${name} is not there`);
  return found;
}

function statusOf(name: string): ComputedStatus | undefined {
  return kstatus([live(name)])[0];
}

/** What the Deployment controller would write: no pod can start here. */
async function pretend(name: string, status: object): Promise<void> {
  const { metadata } = await cluster.client.get(deployments, { namespace, name });
  await cluster.client.patch(
    deployments,
    { namespace, name },
    { status: { observedGeneration: metadata.generation, ...status } },
    { subresource: "status" },
  );
}

const rolledOut = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
const outOfTime = {
  type: "Progressing",
  status: "False",
  reason: "ProgressDeadlineExceeded",
  message: "too slow",
};

test("an app that no operator has seen is in progress", () => {
  cluster.apply(namespace, spinApp("unseen"));
  expect(statusOf("unseen")).toMatchObject({ status: "InProgress" });
});

test("in progress, current, in progress again with another version, and terminating", async () => {
  await using _operator = await TestOperator.start(cluster.server, { namespace });
  cluster.apply(namespace, spinApp("a"));
  await cluster.until(namespace, "spinapp/a", (app) => readyReason(app) === "Starting");
  expect(statusOf("a")).toEqual({
    status: "InProgress",
    message: "0 of 1 pods are ready, 0 of the newest version",
  });
  await pretend("a", rolledOut);
  await cluster.until(namespace, "spinapp/a", (app) => readyReason(app) === "AppReady");
  expect(statusOf("a")).toMatchObject({ status: "Current" });

  cluster.apply(namespace, spinApp("a").replace("hello:1", "hello:2"));
  expect(statusOf("a")).toMatchObject({ status: "InProgress" });
  await cluster.until(namespace, "spinapp/a", (app) => readyReason(app) === "Starting");
  expect(statusOf("a")).toMatchObject({ status: "InProgress" });

  const keep = '{"metadata": {"finalizers": ["whorl.test/keep"]}}';
  const patch = ["-n", namespace, "patch", "spinapp/a", "--type=merge", "-p"];
  cluster.server.kubectl([...patch, keep]);
  cluster.server.kubectl(["-n", namespace, "delete", "spinapp/a", "--wait=false"]);
  expect(statusOf("a")).toMatchObject({ status: "Terminating" });
  cluster.server.kubectl([...patch, '{"metadata": {"finalizers": null}}']);
  await cluster.gone(namespace, "spinapp/a");
});

test("failed: an executor that nobody has, and a rollout that takes too long", async () => {
  await using _operator = await TestOperator.start(cluster.server, { namespace });
  const lost = spinApp("lost").replace("executor: containerd-shim-spin", "executor: nobody");
  cluster.apply(namespace, lost);
  await poll(
    () => `lost is ${JSON.stringify(statusOf("lost"))}`,
    () => statusOf("lost")?.status === "Failed",
  );
  expect(statusOf("lost")?.message).toContain("nobody");

  cluster.apply(namespace, spinApp("slow"));
  await cluster.until(namespace, "deployment/slow");
  await pretend("slow", { conditions: [outOfTime] });
  await poll(
    () => `slow is ${JSON.stringify(statusOf("slow"))}`,
    () => statusOf("slow")?.status === "Failed",
  );
});
