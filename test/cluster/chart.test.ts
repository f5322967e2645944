import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { chartFolder } from "../../deploy/chart-files.ts";
import { plainManifests, templateArguments } from "../../deploy/plain-manifests.ts";
import { helm } from "../servers/helm.ts";
import { sharedCluster } from "./shared-cluster.ts";

const cluster = sharedCluster();
const everything = [
  ["operator.webhooks.enabled", "true"],
  ["networkPolicy.enabled", "true"],
  ["console.enabled", "true"],
  ["console.certificateSecret", "certificate"],
  ["operator.watchNamespace", "apps"],
  ["defaultExecutor.create", "true"],
  ["commonLabels.team", "platform"],
  ["imagePullSecrets[0].name", "key"],
] as const;

function template(...settings: readonly (readonly [string, string])[]): string {
  const set = settings.flatMap(([name, value]) => ["--set", `${name}=${value}`]);
  return helm(["template", "whorl", chartFolder, ...templateArguments, ...set]);
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

function manifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

test("the chart lints without a complaint", () => {
  expect(helm(["lint", "--strict", chartFolder])).toContain("0 chart(s) failed");
});

test("the plain manifests are as the chart renders them", () => {
  for (const [name, text] of Object.entries(plainManifests(template()))) {
    const file = new URL(`../../deploy/manifests/${name}`, import.meta.url);
    expect(readFileSync(file, "utf8"), `${name}: run npm run manifests`).toBe(text);
  }
});

test("the API server accepts what is rendered, with every switch on", () => {
  cluster.kubectl("create", "namespace", "apps");
  try {
    const text = template(...everything);
    const known = manifests(text).filter(({ kind }) => kind !== "SpinAppExecutor");
    const json = JSON.stringify({ apiVersion: "v1", kind: "List", items: known });
    expect(cluster.dryRun(json)).toContain("networkpolicy");
  } finally {
    cluster.kubectl("delete", "namespace", "apps", "--wait=false");
  }
});

test("kustomize takes the plain manifests", () => {
  const text = cluster.kubectl(
    "kustomize",
    new URL("../../deploy/manifests", import.meta.url).pathname,
  );
  const kinds = new Set(manifests(text).map(({ kind }) => kind));
  expect([...kinds].toSorted()).toContain("DaemonSet");
});

test("a manifest for kubectl has no Job that uninstalls", () => {
  expect(manifests(template()).map(({ kind }) => kind)).not.toContain("Job");
});

test("the operator has no right to more than its rules, and none in other namespaces", () => {
  const roles = manifests(
    template(["operator.watchNamespace", "apps"], ["operator.metrics.enabled", "false"]),
  );
  const everywhere = roles.filter(
    ({ kind, metadata }) => kind === "ClusterRole" && metadata.name.includes("operator"),
  );
  expect(everywhere.map(({ metadata }) => metadata.name)).toEqual([
    "whorl-operator-edit",
    "whorl-operator-view",
  ]);
});

test("with the console the operator may ask who somebody is, and nothing else beyond its rules", () => {
  const metrics = ["operator.metrics.enabled", "false"] as const;
  const roles = (text: string): readonly string[] =>
    manifests(text).flatMap(({ kind, metadata }) => (kind.endsWith("Role") ? [metadata.name] : []));
  const [without, having] = [template(metrics), template(metrics, ["console.enabled", "true"])];
  expect(roles(having).filter((name) => !roles(without).includes(name))).toEqual([
    "whorl-operator-console-auth",
  ]);
  expect(without).not.toContain("console");
  expect(having).toContain("--console-secure=true");
});

test("without the agent the RuntimeClasses select whatever nodes they are told to", () => {
  const classes = manifests(
    template(["agent.enabled", "false"], ["runtimeClasses.nodeSelector", "null"]),
  ).filter(({ kind }) => kind === "RuntimeClass");
  expect(classes).toHaveLength(2);
  for (const each of classes) expect(each).not.toHaveProperty("scheduling");
});

test.each([
  [
    [
      ["operator.replicas", "2"],
      ["operator.podDisruptionBudget.minAvailable", "2"],
    ],
    "no node with the operator could be drained",
  ],
  [[["runtimeClasses.spinkube.enabled", "false"]], "set defaultExecutor.create=true"],
  [
    [
      ["runtimeClasses.spinkube.enabled", "false"],
      ["runtimeClasses.whorl.enabled", "false"],
      ["defaultExecutor.create", "true"],
    ],
    "needs a RuntimeClass",
  ],
  [[["runtimeClasses.whorl.name", "wasmtime-spin-v2"]], "give them different names"],
  [[["agent.shimSandboxHandlers[0]", "spin"]], 'both have the handler "spin"'],
  [
    [
      ["operator.enabled", "false"],
      ["runtimeClasses.spinkube.enabled", "false"],
      ["runtimeClasses.whorl.enabled", "false"],
    ],
    "has no runtime handler to install",
  ],
  [[["podMonitor.enabled", "true"]], "podMonitor.tokenSecret.name"],
  [[["agent.enabled", "false"]], "whorl.dev/ready"],
  [[["operator.replica", "3"]], "replica"],
  [[["operator.image.digest", "latest"]], "digest"],
  [[["agent.installFolder", "opt/whorl"]], "installFolder"],
  [[["agent.distribution", "debian"]], "distribution"],
  [[["operator.logLevel", "loud"]], "logLevel"],
  [
    [
      ["console.enabled", "true"],
      ["operator.enabled", "false"],
    ],
    "needs operator.enabled=true",
  ],
  [
    [
      ["console.enabled", "true"],
      ["console.port", "8443"],
    ],
    "one of the operator's own",
  ],
  [[["console.port", "80"]], "port"],
  [[["console.hostNames[0]", "a b"]], "hostNames"],
] as const)("values %j are refused: %s", (settings, message) => {
  expect(() => template(...settings)).toThrow(message);
});
