/** What changes under running apps: their version, the operator, the agent, their node. */
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { TestNamespace } from "./cluster-client.ts";
import { Load } from "./load.ts";
import { app, health } from "./manifests.ts";
import { sharedCluster } from "./shared-cluster.ts";

const cluster = sharedCluster();
let place: TestNamespace;

beforeEach(() => {
  place = cluster.namespace();
});
afterEach(() => place[Symbol.dispose]());

/** Makes changes while requests go to an app, and for a while after them. */
async function expectNoneLost(name: string, change: () => void): Promise<void> {
  const url = `http://${place.service(name)}/`;
  await place.fetch(url);
  const load = new Load(url);
  await delay(500);
  change();
  await delay(2_000);
  const { answered, failures } = await load.stop();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(100);
}

test("a rolling update under load loses no request", async () => {
  place.apply(app("rolls", "hello:1", `replicas: 2, ${health}`));
  place.ready("rolls");
  await expectNoneLost("rolls", () => {
    place.apply(app("rolls", "hello:2", `replicas: 2, ${health}`));
    place.kubectl("wait", "--for=jsonpath={.status.observedGeneration}=2", "spinapp/rolls");
    place.kubectl("rollout", "status", "deployment/rolls", "--timeout=60s");
  });
  expect(place.field("pods", "{.items[*].spec.containers[0].image}")).toContain("hello:2");
});

test("new agents and operators under load lose no request and restart no pod", async () => {
  place.apply(app("stays", "hello:1", `replicas: 2, ${health}`));
  place.ready("stays");
  const pods = place.field("pods", "{.items[*].metadata.uid}");
  await expectNoneLost("stays", () => {
    const system = (...args: readonly string[]): string =>
      cluster.kubectl("-n", "whorl", "rollout", ...args);
    const [agent, operator] = ["daemonset/whorl-agent", "deployment/whorl-operator"] as const;
    system("restart", agent, operator);
    system("status", agent, "--timeout=90s");
    system("status", operator, "--timeout=90s");
  });
  expect(place.field("pods", "{.items[*].metadata.uid}")).toBe(pods);
  expect(place.field("pods", "{.items[*].status.containerStatuses[0].restartCount}")).toBe("0 0");
});

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
