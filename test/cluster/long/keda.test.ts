/**
 * KEDA's real operator and its API of metrics over the sample of deploy/samples, with a real Redis.
 * Building KEDA takes ten minutes. The last run, with KEDA 2.21.0: first pod ready after 2 s, three
 * after 3 s, none after 8 s.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Keda, kedaCrds } from "../../servers/keda.ts";
import { type RedisServer, startRedis } from "../../servers/redis.ts";
import { sharedCluster } from "../shared-cluster.ts";

const cluster = sharedCluster();
const place = cluster.namespace();
const sample = new URL("../../../deploy/samples/keda.yaml", import.meta.url);
const patience = { timeout: 120_000, interval: 300 } as const;
const metricsApi = "v1beta1.external.metrics.k8s.io";
const list = "jobs";
let redis: RedisServer;
let keda: Keda;

beforeAll(async () => {
  cluster.applyThere(kedaCrds().join("\n---\n"));
  await cluster.established("scaledobjects.keda.sh");
  redis = await startRedis();
  keda = await Keda.start(cluster.access.kubeconfig);
  cluster.apply(metricsObjects(keda.metricsPort));
  cluster.kubectl("wait", "--for=condition=Available", `apiservice/${metricsApi}`, "--timeout=90s");
});

afterAll(async () => {
  using _place = place;
  await using _redis = redis;
  await using _keda = keda;
  // Its finalizer is KEDA's to remove.
  place.kubectl("delete", "scaledobjects", "--all", "--timeout=60s");
  cluster.kubectl("delete", "apiservice", metricsApi);
  cluster.kubectl("delete", "clusterrole,clusterrolebinding", "external-metrics-here");
  cluster.kubectl("-n", "kube-system", "delete", "service", "external-metrics");
});

/** The API server of a test says not who asks: KEDA has to answer everybody. */
function metricsObjects(port: number): string {
  const service = { name: "external-metrics", namespace: "kube-system" };
  const metadata = { name: "external-metrics-here" };
  const apiGroup = "rbac.authorization.k8s.io";
  return [
    {
      ...{ apiVersion: "v1", kind: "Service", metadata: service },
      spec: { type: "ExternalName", externalName: "127.0.0.1", ports: [{ port }] },
    },
    {
      ...{ apiVersion: "apiregistration.k8s.io/v1", kind: "APIService" },
      metadata: { name: metricsApi },
      spec: {
        ...{ group: "external.metrics.k8s.io", version: "v1beta1", insecureSkipTLSVerify: true },
        ...{ groupPriorityMinimum: 100, versionPriority: 100, service: { ...service, port } },
      },
    },
    {
      ...{ apiVersion: `${apiGroup}/v1`, kind: "ClusterRole", metadata },
      rules: [
        { apiGroups: ["external.metrics.k8s.io"], resources: ["*"], verbs: ["*"] },
        { nonResourceURLs: ["/apis/*", "/openapi/*"], verbs: ["get"] },
      ],
    },
    {
      ...{ apiVersion: `${apiGroup}/v1`, kind: "ClusterRoleBinding", metadata },
      roleRef: { apiGroup, kind: "ClusterRole", name: metadata.name },
      subjects: ["system:anonymous", "system:unauthenticated"].map((name) => ({
        ...{ apiGroup, kind: name.endsWith("ous") ? "User" : "Group", name },
      })),
    },
  ]
    .map((object) => JSON.stringify(object))
    .join("\n---\n");
}

function redisCommand(...args: readonly string[]): void {
  const all = ["-p", String(redis.port), ...args];
  const { status, stderr } = spawnSync("redis-cli", all, { encoding: "utf8" });
  if (status !== 0) throw new Error(`redis-cli ${args.join(" ")}: ${stderr}`);
}

function pods(): number {
  return Number(place.field("deployment/worker", "{.status.readyReplicas}") || "0");
}

/** @proves KEDA | scales an app by events, from no pod to many and back */
test("an app follows the length of a list, down to no pod", { timeout: 400_000 }, async () => {
  const text = readFileSync(sample, "utf8");
  const written = "redis.default:6379";
  expect(text).toContain(written);
  // KEDA is a process of this machine here; its waits of minutes are shortened.
  place.apply(
    text
      .replace(written, `127.0.0.1:${redis.port}`)
      .replace("minReplicaCount:", "pollingInterval: 1\n  cooldownPeriod: 5\n  minReplicaCount:"),
  );
  place.ready("scaledobject/worker", "Ready");
  await vi.waitFor(() => {
    expect(place.field("deployment/worker", "{.spec.replicas}"), keda.output).toBe("0");
    expect(place.field("pods", "{.items[*].metadata.name}")).toBe("");
  }, patience);
  const began = performance.now();
  const seconds = (): string => ((performance.now() - began) / 1000).toFixed(0);

  redisCommand("RPUSH", list, ...Array.from({ length: 50 }, (_, index) => String(index)));
  await vi.waitFor(() => expect(pods(), keda.output).toBeGreaterThan(0), patience);
  const first = seconds();
  // Twenty of the list for each.
  await vi.waitFor(() => expect(pods(), keda.output).toBe(3), patience);
  const third = seconds();
  expect(await place.fetch(`http://${place.service("worker")}/`)).toContain("Hello");

  redisCommand("DEL", list);
  await vi.waitFor(() => {
    expect(place.field("deployment/worker", "{.spec.replicas}"), keda.output).toBe("0");
  }, patience);
  console.log(
    `keda: first pod ready after ${first} s, three after ${third} s, none after ${seconds()} s`,
  );
});
