/** Kueue's real controller over Jobs of Wasm pods: one that we write, and one that the operator makes. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Kueue } from "../../servers/kueue.ts";
import { sharedCluster } from "../shared-cluster.ts";

const cluster = sharedCluster();
const place = cluster.namespace();
const patience = { timeout: 60_000, interval: 200 } as const;
const version = "apiVersion: kueue.x-k8s.io/v1beta2";
const active = '{.status.conditions[?(@.type=="Active")].status}';
let kueue: Kueue;

/** Room for so many pods; nodes that are ready for Wasm are what there is of it. */
function queue(pods: number): string {
  const quotas = Object.entries({ cpu: "1", memory: "1Gi", pods: String(pods) }).map(
    ([name, quota]) => `{name: ${name}, nominalQuota: ${quota}}`,
  );
  const flavor = `{name: wasm, resources: [${quotas.join(", ")}]}`;
  return [
    `{${version}, kind: ResourceFlavor, metadata: {name: wasm}, spec: {nodeLabels: {whorl.dev/ready: "true"}}}`,
    `{${version}, kind: ClusterQueue, metadata: {name: wasm}, spec: {namespaceSelector: {}, resourceGroups: [{coveredResources: [cpu, memory, pods], flavors: [${flavor}]}]}}`,
    `{${version}, kind: LocalQueue, metadata: {name: default, namespace: ${place.name}}, spec: {clusterQueue: wasm}}`,
  ].join("\n---\n");
}

const gang = `{apiVersion: batch/v1, kind: Job, metadata: {name: gang, labels: {kueue.x-k8s.io/queue-name: default}}, spec: {parallelism: 2, completions: 2, template: {spec: {runtimeClassName: whorl, restartPolicy: Never, containers: [{name: run, image: "registry.example/whorl/command:1", command: [/], args: [arguments, all], resources: {requests: {cpu: 20m, memory: 32Mi}}}]}}}}`;

beforeAll(async () => {
  kueue = await Kueue.start(cluster.access.kubeconfig);
});

afterAll(async () => {
  using _place = place;
  await using _kueue = kueue;
  place.kubectl("delete", "spinapps,jobs", "--all", "--timeout=60s");
  // Its finalizers are Kueue's to remove.
  const queues = ["localqueue/default", "clusterqueue/wasm", "resourceflavor/wasm"];
  for (const name of queues) place.kubectl("delete", name, "--ignore-not-found", "--timeout=60s");
});

/** A condition of the only Workload, which Kueue makes of a Job. */
function workload(condition: string): { readonly status: string; readonly message: string } {
  const found = JSON.parse(place.kubectl("get", "workloads", "-o", "json")) as {
    items: { status?: { conditions?: { type: string; status: string; message: string }[] } }[];
  };
  const all = found.items.flatMap(({ status }) => status?.conditions ?? []);
  return all.find(({ type }) => type === condition) ?? { status: "", message: "" };
}

/** @proves Kueue | Jobs wait until there is room for all of their pods, the overhead of Wasm counted */
test("a gang waits for room for all of it, then all of it runs", { timeout: 180_000 }, async () => {
  cluster.apply(queue(1));
  await vi.waitFor(() => {
    expect(place.field("clusterqueue/wasm", active), kueue.output).toBe("True");
    expect(place.field("localqueue/default", active), kueue.output).toBe("True");
  }, patience);
  place.apply(gang);
  await vi.waitFor(() => {
    const { status, message } = workload("QuotaReserved");
    expect([status, message], kueue.output).toEqual(["False", expect.stringContaining("pods")]);
  }, patience);
  expect(place.field("job/gang", "{.spec.suspend}")).toBe("true");
  expect(place.field("pods", "{.items[*].metadata.name}")).toBe("");

  cluster.apply(queue(2));
  place.ready("job/gang", "Complete");
  const usage = place.field(
    "workloads",
    "{.items[0].status.admission.podSetAssignments[0].resourceUsage}",
  );
  // Two pods, each with 10m and 16Mi besides (the RuntimeClass's overhead).
  expect(JSON.parse(usage)).toEqual({ cpu: "60m", memory: "96Mi", pods: "2" });
  const selectors = place.field("pods", "{.items[*].spec.nodeSelector.whorl\\.dev/ready}");
  expect(selectors).toBe("true true");
  expect(place.kubectl("logs", "job/gang")).toContain("all");
  console.log(`kueue: no pod of two with room for one; both with room for two, using ${usage}`);
  place.kubectl("delete", "job/gang");
});

/** @proves Kueue */
test("the Job of an app waits in the namespace's queue", { timeout: 180_000 }, async () => {
  const hold = (policy: string): string =>
    cluster.kubectl(
      ...["patch", "clusterqueue/wasm", "--type=merge"],
      ...["-p", JSON.stringify({ spec: { stopPolicy: policy } })],
    );
  cluster.apply(queue(2));
  hold("Hold");
  place.apply(
    "{apiVersion: core.spinkube.dev/v1alpha1, kind: SpinApp, metadata: {name: import}, spec: {image: 'registry.example/whorl/command:1', executor: containerd-shim-spin, args: [arguments, queued], job: {backoffLimit: 1}}}",
  );
  let job = "";
  await vi.waitFor(() => {
    job = place.field("spinapp/import", "{.status.jobName}");
    expect(job).not.toBe("");
    expect(workload("QuotaReserved").status, kueue.output).toBe("False");
  }, patience);
  place.ready(`job/${job}`, "Suspended");
  expect(place.field("pods", "{.items[*].metadata.name}")).toBe("");

  hold("None");
  place.ready("import");
  expect(place.field("spinapp/import", '{.status.conditions[?(@.type=="Ready")].reason}')).toBe(
    "Completed",
  );
  expect(place.kubectl("logs", `job/${job}`)).toContain("queued");
});
