/**
 * `npm run bench:cluster`: from the creation of a pod to its readiness on a real kubelet, Wasm beside
 * runc (busybox httpd), each with a probe every second; then 100 apps at once. `--pods` and `--apps`
 * change the counts.
 */
import { parseArgs } from "node:util";
import { KubeClient } from "../../operator/kube/client.ts";
import { KubeConfigTransport } from "../../operator/kube/kube-config-transport.ts";
import type { KubeObject } from "../../operator/kube/object.ts";
import { deployments, spinApps } from "../../operator/reconcile/resources.ts";
import type { ClusterClient } from "../cluster/cluster-client.ts";
import { furnish } from "../cluster/furnish.ts";
import { install, withoutAgent } from "../cluster/install-chart.ts";
import { LocalCluster } from "../cluster/local-cluster.ts";
import { clusterObstacle, prepareClusterTier } from "../cluster/prepare.ts";
import { kubernetesVersion } from "../servers/kubernetes-tools.ts";
import { type ClusterWork, clusterWork, workSince } from "./cluster-work.ts";
import { podTimeLine, steps, type TimeLine } from "./pod-time-line.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { type RolloutStage, rolloutStages } from "./rollout-stages.ts";
import { median, summary } from "./statistics.ts";
import { untilAll } from "./until-all.ts";

const { values } = parseArgs({
  options: {
    pods: { type: "string", default: "20" },
    apps: { type: "string", default: "100" },
    /** What the controllers may ask the API server in a second; 20 as Kubernetes has it. */
    qps: { type: "string", default: "20" },
  },
});

const kinds = {
  wasm: {
    runtimeClassName: "whorl",
    image: "registry.example/whorl/hello:1",
    command: ["/"],
    path: "/.well-known/spin/health",
  },
  runc: {
    runtimeClassName: undefined,
    image: "registry.example/busybox:1",
    command: ["/bin/httpd", "-f", "-p", "80", "-h", "/etc"],
    path: "/group",
  },
} as const;
type Kind = keyof typeof kinds;

function podSpec(kind: Kind): object {
  const { runtimeClassName, image, command, path } = kinds[kind];
  const readinessProbe = { httpGet: { path, port: 80 }, periodSeconds: 1 };
  const containers = [{ name: "app", image, command, readinessProbe }];
  // busybox does not end when it is told to.
  const terminationGracePeriodSeconds = 3;
  return {
    ...(runtimeClassName && { runtimeClassName }),
    terminationGracePeriodSeconds,
    containers,
  };
}

function podOf(kind: Kind, name: string): KubeObject & { readonly spec: object } {
  const metadata = { name, namespace: "default", labels: { kind } };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: podSpec(kind) };
}

/** One after the other, in turns, so that both kinds meet the same machine. */
async function timeLines(client: KubeClient, count: number): Promise<Record<Kind, TimeLine[]>> {
  const found: Record<Kind, TimeLine[]> = { wasm: [], runc: [] };
  // The first of each pulls its image.
  for (let index = -1; index < count; index += 1) {
    for (const kind of ["wasm", "runc"] as const) {
      const line = await podTimeLine(client, podOf(kind, `${kind}-${index + 1}`));
      if (index >= 0) found[kind].push(line);
    }
  }
  return found;
}

function apps(count: number): string {
  const checks = {
    readiness: {
      httpGet: { path: kinds.wasm.path },
      initialDelaySeconds: 0,
      periodSeconds: 1,
    },
  };
  const items = Array.from({ length: count }, (_, index) => ({
    apiVersion: "core.spinkube.dev/v1alpha1",
    kind: "SpinApp",
    metadata: { name: `app-${index}`, namespace: "default" },
    spec: { image: kinds.wasm.image, executor: "containerd-shim-spin", replicas: 1, checks },
  }));
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

/** What the operator makes of the apps, with another runtime and nobody to make it. */
function deploymentsOf(count: number): string {
  const items = Array.from({ length: count }, (_, index) => {
    const name = `ordinary-${index}`;
    const labels = { app: name };
    return {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace: "default" },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec("runc") },
      },
    };
  });
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

const podStages = [
  ["pods made", "pods"],
  ["pods scheduled", "pods", "PodScheduled"],
  ["sandboxes ready", "pods", "PodReadyToStartContainers"],
  ["pods ready", "pods", "Ready"],
] as const;

/** Longer than anybody would wait for a hundred apps. */
const atOnceMsMax = 600_000;

interface Cluster {
  readonly kubectl: ClusterClient;
  readonly client: KubeClient;
}

interface AtOnce {
  readonly ms: number;
  readonly stages: readonly RolloutStage[];
  readonly work: ClusterWork;
}

/** From before `start` applies objects until it sees that all of them are ready. */
async function measured(
  { kubectl }: Cluster,
  start: (signal: AbortSignal) => Promise<void>,
  stages: Parameters<typeof rolloutStages>[2],
): Promise<AtOnce> {
  const before = clusterWork(kubectl);
  const startedMs = Date.now();
  await start(AbortSignal.timeout(atOnceMsMax));
  const ms = Date.now() - startedMs;
  const work = workSince(before, kubectl);
  return { ms, work, stages: rolloutStages(kubectl, startedMs, stages) };
}

async function atOnce(cluster: Cluster, count: number): Promise<Record<Kind, AtOnce>> {
  const { kubectl, client } = cluster;
  kubectl.kubectl("delete", "pods", "--all", "--wait");
  const startRunc = async (signal: AbortSignal): Promise<void> => {
    kubectl.apply(deploymentsOf(count));
    await untilAll(client, deployments, { condition: "Available", count, signal });
  };
  const runc = await measured(cluster, startRunc, [
    ["Deployments made", "deployments"],
    ...podStages,
    ["Deployments available", "deployments", "Available"],
  ]);
  kubectl.kubectl("delete", "deployment", "--all", "--cascade=foreground", "--wait");
  const startWasm = async (signal: AbortSignal): Promise<void> => {
    kubectl.apply(apps(count));
    await untilAll(client, spinApps, { condition: "Ready", count, signal });
  };
  const wasm = await measured(cluster, startWasm, [
    ["SpinApps made", "spinapps"],
    ["Deployments made", "deployments"],
    ...podStages,
    ["SpinApps ready", "spinapps", "Ready"],
  ]);
  return { wasm, runc };
}

const obstacle = clusterObstacle();
if (obstacle !== undefined) throw new Error(`no cluster can run here: ${obstacle}`);
prepareClusterTier();
await using cluster = await LocalCluster.start({ controllersQps: Number(values.qps) });
const kubectl = await furnish(cluster, { images: ["operator"] });
install(kubectl, "install", withoutAgent);
const transport = new KubeConfigTransport(cluster.server.kubeConfig());
const report = new Report({
  name: "cluster",
  versions: { whorl: whorlVersion(), kubernetes: kubernetesVersion, containerd: "2.4" },
  commands: [
    `kubectl create pod (${values.pods} of each, in turns)`,
    `kubectl apply ${values.apps} apps`,
  ],
});
const client = new KubeClient({ transport, userAgent: "bench" });
const lines = await timeLines(client, Number(values.pods));
for (const step of steps) {
  const [wasm, runc] = (["wasm", "runc"] as const).map((kind) =>
    summary(lines[kind].map((line) => line[step])),
  );
  for (const [kind, found] of [
    ["wasm", wasm],
    ["runc", runc],
  ] as const) {
    if (found === undefined) continue;
    report.line(`${step}, ${kind}`, `p50 ${shown(found.p50)} ms, p99 ${shown(found.p99)} ms`);
  }
}
const ready = (kind: Kind): number => median(lines[kind].map((line) => line.ready));
report.verdict({
  figure: "pod created until ready, Wasm / runc (median)",
  measured: ready("wasm") / ready("runc"),
  unit: "x",
  reach: { atMost: 1 },
});
const count = Number(values.apps);
const whole = count > 0 ? await atOnce({ kubectl, client }, count) : undefined;
if (whole !== undefined) {
  for (const [kind, name] of [
    ["wasm", `${values.apps} SpinApps`],
    ["runc", "as many Deployments under runc"],
  ] as const) {
    report.line(`${name} until all ready`, `${shown(whole[kind].ms / 1000)} s`);
    for (const { stage, halfS, allS } of whole[kind].stages) {
      report.line(`  ${stage}: half, all`, `${shown(halfS)} s, ${shown(allS)} s`);
    }
    const { requests, apiServerS, kubeletS } = whole[kind].work;
    report.line("  requests to the API server", String(requests));
    const times = `${shown(apiServerS)} s, ${shown(kubeletS)} s`;
    report.line("  processor time: API server, kubelet", times);
  }
  report.verdict({
    figure: `${values.apps} at once, Wasm / runc`,
    measured: whole.wasm.ms / whole.runc.ms,
    unit: "x",
    reach: { atMost: 0.8 },
  });
}
report.end({ lines, whole });
await transport[Symbol.asyncDispose]();
