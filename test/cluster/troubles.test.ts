/** The symptoms of docs/troubleshooting.md: each is provoked, and said where the page says. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TestNamespace } from "./cluster-client.ts";
import { app } from "./manifests.ts";
import { sharedCluster } from "./shared-cluster.ts";

const cluster = sharedCluster();
const page = readFileSync(new URL("../../docs/troubleshooting.md", import.meta.url), "utf8");
const patience = { timeout: 30_000, interval: 300 } as const;
let place: TestNamespace;

beforeEach(() => {
  place = cluster.namespace();
});
afterEach(() => {
  place[Symbol.dispose]();
  cluster.kubectl("delete", "runtimeclass", "-l", "whorl.test/trouble", "--ignore-not-found");
});

function pod(runtimeClass: string): string {
  return `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {runtimeClassName: ${runtimeClass}, containers: [{name: a, image: "registry.example/whorl/hello:1", command: [/]}]}}`;
}

function runtimeClass(name: string, handler: string, scheduling: string): void {
  cluster.apply(
    `{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: ${name}, labels: {whorl.test/trouble: "1"}}, handler: ${handler}${scheduling}}`,
  );
}

async function expectEvent(text: string): Promise<void> {
  await vi.waitFor(() => {
    expect(place.kubectl("get", "events", "-o", "jsonpath={.items[*].message}")).toContain(text);
  }, patience);
}

test("a RuntimeClass that does not exist", () => {
  expect(page).toContain('`RuntimeClass "..." not found`');
  expect(() => place.apply(pod("nowhere"))).toThrow('RuntimeClass "nowhere" not found');
});

test("a node whose containerd does not know the handler", async () => {
  expect(page).toContain('`no runtime for "spin" is configured`');
  runtimeClass("unknown-handler", "unknown", "");
  place.apply(pod("unknown-handler"));
  await expectEvent('no runtime for "unknown" is configured');
});

test("no node that is ready for Wasm", async () => {
  expect(page).toContain("`node(s) didn't match Pod's node affinity/selector`");
  runtimeClass("no-node", "spin", ", scheduling: {nodeSelector: {whorl.dev/ready: none}}");
  place.apply(pod("no-node"));
  await expectEvent("node(s) didn't match Pod's node affinity/selector");
});

test.each([
  ["MissingExecutor", app("lost", "hello:1").replace("containerd-shim-spin", "nobody")],
  [
    "ReferenceMissing",
    app(
      "lost",
      "hello:1",
      "variables: [{name: a, valueFrom: {secretKeyRef: {name: none, key: a}}}]",
    ),
  ],
])("%s", async (reason, manifest) => {
  expect(page).toContain(`\`${reason}\``);
  place.apply(manifest);
  await vi.waitFor(() => {
    const found = place.field(
      "spinapp/lost",
      '{.status.conditions[?(@.type=="Ready")].reason}: {.status.conditions[?(@.type=="Ready")].message}',
    );
    expect(found).toMatch(new RegExp(`^${reason}: .*(?:nobody|none)`));
  }, patience);
});
