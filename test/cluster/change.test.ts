/** What changes under running apps: their version, the operator, the agent, their node. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { TestNamespace } from "./cluster-client.ts";
import { expectNoneLost } from "./expect-none-lost.ts";
import { install } from "./install-chart.ts";
import { app, health, onTwoNodes } from "./manifests.ts";
import { frontPrograms, nextVersion, pushNextAgent, withNextAgent } from "./next-version.ts";
import { sharedCluster } from "./shared-cluster.ts";

const cluster = sharedCluster();
let place: TestNamespace;

beforeEach(() => {
  place = cluster.namespace();
});
afterEach(() => place[Symbol.dispose]());

/** @proves rolling updates | no request is lost: a pod that ends serves two more seconds, then finishes */
test("a rolling update under load loses no request", async () => {
  place.apply(app("rolls", "hello:1", `replicas: 2, ${health}`));
  place.ready("rolls");
  await expectNoneLost(place, "rolls", {
    change: () => {
      place.apply(app("rolls", "hello:2", `replicas: 2, ${health}`));
      place.kubectl("wait", "--for=jsonpath={.status.observedGeneration}=2", "spinapp/rolls");
      place.kubectl("rollout", "status", "deployment/rolls", "--timeout=60s");
    },
  });
  expect(place.field("pods", "{.items[*].spec.containers[0].image}")).toContain("hello:2");
});

/** @proves new versions of agent, front and operator | no request is lost, no pod restarts */
test("another version on the nodes, and back, under load", async () => {
  await pushNextAgent(cluster);
  place.apply(app("stays", "hello:1", `${onTwoNodes("stays")}, ${health}`));
  place.ready("stays");
  const pods = place.field("pods", "{.items[*].metadata.uid}");
  const former = frontPrograms(cluster);
  const next = former.map(() => expect.stringContaining(`/${nextVersion}/node`));
  expect(former).not.toEqual(next);
  await expectNoneLost(place, "stays", {
    change: () => {
      const restarted = "operator.podAnnotations.restarted=once";
      install(cluster, "upgrade", [...withNextAgent, restarted]);
      expect(frontPrograms(cluster)).toEqual(next);
      install(cluster, "upgrade");
      expect(frontPrograms(cluster)).toEqual(former);
    },
  });
  expect(place.field("pods", "{.items[*].metadata.uid}")).toBe(pods);
  expect(place.field("pods", "{.items[*].status.containerStatuses[0].restartCount}")).toBe("0 0");
});

/** @proves `kubectl drain`, eviction | as always */
test("a drained node gives its pods to the others", async () => {
  const [node = { name: "" }] = cluster.access.nodes;
  place.apply(app("moves", "hello:1", `replicas: 2, ${health}`));
  place.ready("moves");
  try {
    const drain = ["drain", node.name, "--ignore-daemonsets", "--delete-emptydir-data", "--force"];
    cluster.kubectl(...drain, `--pod-selector=core.spinkube.dev/app-name=moves`, "--timeout=60s");
    place.ready("moves");
    const nodes = place.field("pods", "{.items[?(@.status.phase=='Running')].spec.nodeName}");
    expect(nodes.split(" ")).not.toContain(node.name);
    expect(await place.fetch(`http://${place.service("moves")}/`)).toContain("Hello");
  } finally {
    cluster.kubectl("uncordon", node.name);
  }
});
