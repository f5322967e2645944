/** The symptoms of docs/troubleshooting.md: each is provoked, and said where the page says. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { chartFolder } from "../../deploy/chart-files.ts";
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

/** @proves RuntimeClass scheduling | pods wait for nodes that are ready for them */
test("no node that is ready for Wasm", async () => {
  expect(page).toContain("`node(s) didn't match Pod's node affinity/selector`");
  runtimeClass("no-node", "spin", ", scheduling: {nodeSelector: {whorl.dev/ready: none}}");
  place.apply(pod("no-node"));
  await expectEvent("node(s) didn't match Pod's node affinity/selector");
});

test("a second release of the chart", () => {
  expect(page).toContain("`invalid ownership metadata`");
  const where = ["--namespace", place.name, "--dry-run=server"];
  expect(() => cluster.helm("install", "second", chartFolder, ...where)).toThrow(
    "invalid ownership metadata",
  );
});

test.each([
  ["MissingExecutor", app("lost", "hello:1").replace("containerd-shim-spin", "nobody")],
  [
    "FailedCreate",
    `{apiVersion: core.spinkube.dev/v1alpha1, kind: SpinAppExecutor, metadata: {name: elsewhere}, spec: {createDeployment: true, deploymentConfig: {runtimeClassName: none}}}\n---\n${app("lost", "hello:1").replace("containerd-shim-spin", "elsewhere")}`,
  ],
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
  await expectCondition(new RegExp(`^${reason}: .*(?:nobody|none)`));
});

test("an image for other machines alone", async () => {
  expect(page).toContain("`no match for platform in manifest`");
  await pushForOthers("hello:1", "hello:others");
  place.apply(app("lost", "hello:others"));
  await expectCondition(/^ImagePullFailed: .*no match for platform in manifest/);
});

async function expectCondition(text: RegExp): Promise<void> {
  await vi.waitFor(() => {
    const found = place.field(
      "spinapp/lost",
      '{.status.conditions[?(@.type=="Ready")].reason}: {.status.conditions[?(@.type=="Ready")].message}',
    );
    expect(found).toMatch(text);
  }, patience);
}

/** Gives an image of the registry another name, as one for a processor that no node has. */
async function pushForOthers(image: string, name: string): Promise<void> {
  const manifestOf = (tagged: string): string =>
    `http://${cluster.access.registry}/v2/whorl/${tagged.replace(":", "/manifests/")}`;
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const found = await fetch(manifestOf(image), { headers: { accept: mediaType } });
  const manifest = Buffer.from(await found.arrayBuffer());
  const digest = `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
  const platform = { os: "linux", architecture: "s390x" };
  const manifests = [{ mediaType, digest, size: manifest.length, platform }];
  const type = "application/vnd.oci.image.index.v1+json";
  const { status } = await fetch(manifestOf(name), {
    method: "PUT",
    headers: { "content-type": type },
    body: JSON.stringify({ schemaVersion: 2, mediaType: type, manifests }),
  });
  expect(status).toBe(201);
}
