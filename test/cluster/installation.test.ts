import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { expectNoneLost } from "./expect-none-lost.ts";
import { install, withoutAgent } from "./install-chart.ts";
import { app, health } from "./manifests.ts";
import { sharedCluster } from "./shared-cluster.ts";

const cluster = sharedCluster();
const patience = { timeout: 60_000, interval: 300 } as const;

function names(...args: readonly string[]): string[] {
  return cluster
    .kubectl("get", ...args, "-o", "name")
    .split("\n")
    .filter((line) => line !== "");
}

/** Everything in the cluster that the chart may have made. */
function objects(): string[] {
  const clusterWide = "clusterroles,clusterrolebindings,runtimeclasses,crds,priorityclasses";
  const namespaced = "all,serviceaccounts,roles,rolebindings,poddisruptionbudgets,leases,secrets";
  return [...names(clusterWide), ...names("-n", "whorl", namespaced)].filter(
    (name) => /whorl|spin/.test(name) && !name.includes("default-token"),
  );
}

afterAll(() => {
  if (!names("-A", "daemonsets").some((name) => name.includes("whorl"))) install(cluster);
});

test("two operators on two nodes, one of which leads", async () => {
  const nodes = cluster.field(
    "pods",
    "{.items[?(@.metadata.labels.app\\.kubernetes\\.io/component=='operator')].spec.nodeName}",
    "whorl",
  );
  expect(new Set(nodes.split(" ")).size).toBe(2);
  const holder = cluster.field("lease/90ba2d18.spinkube.dev", "{.spec.holderIdentity}", "whorl");
  expect(holder).toMatch(/^whorl-operator-/);
  const owner = cluster.field(
    "lease/90ba2d18.spinkube.dev",
    "{.metadata.ownerReferences[*].name}",
    "whorl",
  );
  expect(owner).toBe("whorl-operator");
});

/** @proves RuntimeClass scheduling */
test("every node is ready, with the runtime below the folder that the chart names", () => {
  for (const { name, folder } of cluster.access.nodes) {
    expect(cluster.field(`node/${name}`, "{.metadata.labels.whorl\\.dev/ready}")).toBe("true");
    expect(readdirSync(join(folder, "opt/whorl"))).toContain("current");
    expect(
      cluster.field(`node/${name}`, '{.status.conditions[?(@.type=="WhorlReady")].reason}'),
    ).toBe("Ready");
  }
});

/** @proves `helm upgrade`, `helm rollback` | as always */
test("an upgrade changes what it is told to, and a rollback takes it back", async () => {
  const replicas = (): string =>
    cluster.field("deployment/whorl-operator", "{.spec.replicas}", "whorl");
  install(cluster, "upgrade", ["operator.replicas=3"]);
  expect(replicas()).toBe("3");
  cluster.helm("rollback", "whorl", "--namespace", "whorl", "--wait", "--timeout", "120s");
  expect(replicas()).toBe("2");
});

/** @proves `helm upgrade`, agents taken away | pods go on serving, new ones start; agents may come back */
test("nodes go on without their agents, until they come back", async () => {
  const place = cluster.namespace();
  try {
    place.apply(app("stays", "hello:1", `replicas: 2, ${health}`));
    place.ready("stays");
    const pods = place.field("pods", "{.items[*].metadata.uid}").split(" ");
    await expectNoneLost(place, "stays", {
      change: () => {
        install(cluster, "upgrade", withoutAgent);
        expect(names("-n", "whorl", "daemonsets")).toEqual([]);
        place.kubectl("scale", "spinapp/stays", "--replicas=3");
        place.kubectl("wait", "--for=jsonpath={.status.readyReplicas}=3", "spinapp/stays");
        install(cluster, "upgrade");
      },
    });
    const now = place.field("pods", "{.items[*].metadata.uid}").split(" ");
    expect(now).toEqual(expect.arrayContaining(pods));
    const restarts = place.field("pods", "{.items[*].status.containerStatuses[0].restartCount}");
    expect(restarts).toBe("0 0 0");
  } finally {
    cluster.kubectl("delete", "namespace", place.name, "--wait");
  }
});

/** @proves `helm uninstall` | leaves the definitions; nodes are as they were */
test("uninstalling leaves nothing in the cluster but the definitions, and nothing on the nodes", async () => {
  const configuration = cluster.access.nodes.map(({ folder }) =>
    join(folder, "etc/containerd/conf.d"),
  );
  cluster.helm("uninstall", "whorl", "--namespace", "whorl", "--wait", "--timeout", "180s");
  await vi.waitFor(() => {
    expect(objects().toSorted()).toEqual([
      "customresourcedefinition.apiextensions.k8s.io/spinappexecutors.core.spinkube.dev",
      "customresourcedefinition.apiextensions.k8s.io/spinapps.core.spinkube.dev",
    ]);
  }, patience);
  cluster.kubectl("delete", "namespace", "whorl", "--wait");
  for (const folder of configuration) expect(existsSync(join(folder, "whorl.toml"))).toBe(false);
  for (const { name, folder } of cluster.access.nodes) {
    expect(existsSync(join(folder, "opt/whorl"))).toBe(false);
    expect(existsSync(join(folder, "run/whorl"))).toBe(false);
    const labels = cluster.field(`node/${name}`, "{.metadata.labels}");
    expect(labels).not.toContain("whorl.dev");
    expect(readFileSync(join(folder, "etc/containerd/config.toml"), "utf8")).not.toContain(
      "runtimes.whorl",
    );
  }
});

test("it can be installed again, over the definitions that were kept", () => {
  install(cluster);
  expect(names("-n", "whorl", "daemonsets")).toEqual(["daemonset.apps/whorl-agent"]);
});
