/**
 * Karpenter's real controller over the sample of deploy/samples. Its provider makes a Node without a
 * machine; the test brings the machine.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Karpenter, karpenterCrds } from "../../servers/karpenter.ts";
import { joinNode } from "../join-node.ts";
import { app, health } from "../manifests.ts";
import { sharedCluster } from "../shared-cluster.ts";

const cluster = sharedCluster();
const place = cluster.namespace();
const sample = new URL("../../../deploy/samples/karpenter-node-pool.yaml", import.meta.url);
const patience = { timeout: 90_000, interval: 300 } as const;
const provider =
  "{apiVersion: karpenter.kwok.sh/v1alpha1, kind: KWOKNodeClass, metadata: {name: default}}";
const others = cluster.access.nodes.map(({ name }) => name);
const taint = "whorl.dev/agent-not-ready";
let karpenter: Karpenter;

beforeAll(async () => {
  for (const crd of karpenterCrds()) cluster.apply(crd);
  await cluster.established("nodepools.karpenter.sh", "kwoknodeclasses.karpenter.kwok.sh");
  karpenter = await Karpenter.start(cluster.access.kubeconfig);
});

afterAll(async () => {
  using _place = place;
  await using _karpenter = karpenter;
  cluster.kubectl("uncordon", ...others);
  place.kubectl("delete", "spinapp", "--all", "--ignore-not-found");
  cluster.kubectl("delete", "nodepool/wasm", "--wait=false", "--ignore-not-found");
  // Nobody ends pods of a machine that is gone.
  place.kubectl("delete", "pods", "--all", "--force");
  const there = `--field-selector=spec.nodeName=${newNode()}`;
  cluster.kubectl("wait", "--for=delete", "nodeclaims", "--all", "--timeout=120s");
  cluster.kubectl("-n", "whorl", "delete", "pods", there, "--force");
});

/** The Node that Karpenter has made, "" where there is none yet. */
function newNode(): string {
  const names = cluster.field("nodes", "{.items[*].metadata.name}").split(" ");
  return names.find((name) => !others.includes(name)) ?? "";
}

function taintsOf(node: string): string {
  return cluster.field(`node/${node}`, "{.spec.taints[*].key}");
}

/** @proves Karpenter | the startup taint goes once a Wasm container has answered on the new node */
test(
  "a node of a NodePool gets the app once its agent is ready",
  { timeout: 300_000 },
  async () => {
    cluster.apply(provider);
    cluster.apply(readFileSync(sample, "utf8"));
    cluster.kubectl("wait", "--for=condition=Ready", "nodepool/wasm", "--timeout=30s");
    // No room elsewhere.
    cluster.kubectl("cordon", ...others);
    place.apply(app("waits", "hello:1", `replicas: 1, ${health}`));
    await vi.waitFor(() => {
      expect(taintsOf(newNode()), karpenter.output).toContain(taint);
    }, patience);
    const node = newNode();
    expect(cluster.field(`node/${node}`, "{.metadata.labels.whorl\\.dev/ready}")).toBe("true");
    expect(place.field("pods", "{.items[0].spec.nodeName}")).toBe("");
    expect(claim("Initialized")).not.toBe("True");

    await using _machine = await joinNode(cluster.access, node);
    place.ready("waits", "Ready", 150);
    expect(place.field("pods", "{.items[0].spec.nodeName}")).toBe(node);
    expect(taintsOf(node)).not.toContain(taint);
    const ip = place.field("pods", "{.items[0].status.podIP}");
    expect(await place.fetch(`http://${ip}/`)).toContain("Hello");
    await vi.waitFor(() => expect(claim("Initialized")).toBe("True"), patience);
  },
);

function claim(condition: string): string {
  return cluster.field(
    "nodeclaims",
    `{.items[0].status.conditions[?(@.type=="${condition}")].status}`,
  );
}
