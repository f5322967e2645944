import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TestNamespace } from "./cluster-client.ts";
import { app, health, ordinary } from "./manifests.ts";
import { sharedCluster } from "./shared-cluster.ts";

const cluster = sharedCluster();
let place: TestNamespace;

beforeEach(() => {
  place = cluster.namespace();
});
afterEach(() => place[Symbol.dispose]());

const patience = { timeout: 40_000, interval: 200 } as const;

/**
 * @proves `kubectl logs` | what guests print
 * @proves `kubectl exec`, `attach` | into ordinary containers; elsewhere refused with the reason
 */
test("logs of the app and of the container beside it, and exec in that one", async () => {
  place.apply(app("talks", "http:1", `replicas: 1, containers: [${ordinary}], ${health}`));
  place.ready("talks");
  await place.fetch(`http://${place.service("talks")}/log`);
  await vi.waitFor(() => {
    expect(place.kubectl("logs", "deployment/talks", "-c", "talks")).not.toBe("");
  }, patience);
  expect(place.kubectl("logs", "deployment/talks", "-c", "box")).toBe("up\n");
  const exec = place.kubectl(
    "exec",
    "deployment/talks",
    "-c",
    "box",
    "--",
    "sh",
    "-c",
    "echo $((6*7))",
  );
  expect(exec).toBe("42\n");
  expect(() => place.kubectl("exec", "deployment/talks", "-c", "talks", "--", "sh")).toThrow(
    /exec/,
  );
});

/** @proves `kubectl scale`, HorizontalPodAutoscaler | on the Deployment or the SpinApp, down to no pod */
test("scaling up, down, to nothing and back, with kubectl", async () => {
  place.apply(app("scales", "hello:1", `replicas: 1, ${health}`));
  place.ready("scales");
  for (const replicas of [3, 1, 0, 2]) {
    place.kubectl("scale", "spinapp/scales", `--replicas=${replicas}`);
    await vi.waitFor(() => {
      const ready = place.field("spinapp/scales", "{.status.readyReplicas}");
      expect(ready).toBe(String(replicas));
    }, patience);
  }
  expect(await place.fetch(`http://${place.service("scales")}/`)).toContain("Hello");
});

/** @proves probes by HTTP | reach the app; readiness takes the pod out of the Service, liveness starts it again */
test("a readiness probe that fails takes the pod out, and brings it back", async () => {
  const probe =
    "checks: {readiness: {httpGet: {path: '/file?name=state/up'}, initialDelaySeconds: 0, periodSeconds: 1, failureThreshold: 1}}";
  const shared = [
    "volumes: [{name: state, emptyDir: {}}]",
    "volumeMounts: [{name: state, mountPath: /state}]",
    "guestMounts: [{mountPath: /state, guestPath: /state}]",
    "containers: [{name: box, image: 'registry.example/busybox:1', command: [sleep, '100000'], volumeMounts: [{name: state, mountPath: /state}]}]",
  ].join(", ");
  place.apply(app("probed", "http:1", `replicas: 1, ${shared}, ${probe}`));
  const ready = (): string => place.field("spinapp/probed", "{.status.readyReplicas}");
  await vi.waitFor(() => {
    place.kubectl("exec", "deployment/probed", "-c", "box", "--", "touch", "/state/up");
  }, patience);
  await vi.waitFor(() => expect(ready()).toBe("1"), patience);
  place.kubectl("exec", "deployment/probed", "-c", "box", "--", "rm", "/state/up");
  await vi.waitFor(() => expect(ready()).toBe("0"), patience);
  place.kubectl("exec", "deployment/probed", "-c", "box", "--", "touch", "/state/up");
  await vi.waitFor(() => expect(ready()).toBe("1"), patience);
});

/** @proves probes by HTTP */
test("a liveness probe that fails starts the app again", async () => {
  const probe =
    "checks: {liveness: {httpGet: {path: '/status?code=500'}, initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 1}}";
  place.apply(app("sick", "http:1", `replicas: 1, terminationGracePeriodSeconds: 1, ${probe}`));
  await vi.waitFor(() => {
    const restarts = place.field("pods", "{.items[0].status.containerStatuses[0].restartCount}");
    expect(Number(restarts)).toBeGreaterThan(0);
  }, patience);
  const events = place.kubectl("events", "--types=Warning");
  expect(events).toContain("Liveness probe failed");
});

describe("beyond the memory limit", () => {
  /** @proves memory limits | of an ordinary container: it dies alone; of an invocation: it fails alone, status 500 */
  test("the ordinary container is killed and says so, the app beside it answers on", async () => {
    const greedy =
      "{name: greedy, image: 'registry.example/busybox:1', command: [sh, -c, 'sleep 3; exec tail /dev/zero'], resources: {limits: {memory: 20Mi}}}";
    place.apply(app("calm", "hello:1", `replicas: 1, containers: [${greedy}]`));
    await vi.waitFor(() => {
      const state = place.field(
        "pods",
        '{.items[0].status.containerStatuses[?(@.name=="greedy")]}',
      );
      expect(state).toContain("OOMKilled");
    }, patience);
    const ip = place.field("pods", "{.items[0].status.podIP}");
    expect(await place.fetch(`http://${ip}/`)).toContain("Hello");
  });

  /** @proves memory limits */
  test("an invocation fails alone", async () => {
    place.apply(
      app(
        "bounded",
        "http:1",
        `replicas: 1, invocationLimits: {memory: 32Mi}, resources: {limits: {memory: 256Mi}}, ${health}`,
      ),
    );
    place.ready("bounded");
    const url = `http://${place.service("bounded")}`;
    await place.fetch(`${url}/`);
    expect((await fetch(`${url}/memory?mib=64`)).status).toBe(500);
    expect(await place.fetch(`${url}/`)).toContain("Hello");
    expect(place.field("pods", "{.items[0].status.containerStatuses[0].restartCount}")).toBe("0");
  });
});

/** @proves limits of local storage | a pod beyond them is evicted and says why; another one serves */
test("a pod that logs more than it may is evicted", async () => {
  const limit = "resources: {limits: {ephemeral-storage: 256Ki}}";
  place.apply(app("noisy", "http:1", `replicas: 1, ${limit}, ${health}`));
  place.ready("noisy");
  const url = `http://${place.service("noisy")}/log`;
  // Lines beyond a thousand a second are dropped, and the pod may be gone in the middle of it.
  const ask = async (): Promise<void> => {
    for (let count = 0; count < 100; count += 1) await (await fetch(url)).text();
  };
  await vi.waitFor(async () => {
    await Promise.allSettled(Array.from({ length: 4 }, ask));
    const failed = '{.items[?(@.status.phase=="Failed")].status';
    const said = place.field("pods", `${failed}.reason}: ${failed}.message}`);
    expect(said).toMatch(/^Evicted: .*ephemeral.* 256Ki/);
  }, kubeletsLook);
  expect(place.kubectl("events", "--types=Warning")).toContain("Evicted");
  expect(await place.fetch(url)).toBe("Logged\n");
}, 240_000);

/** The kubelet measures local storage every minute or so, and evicts every ten seconds. */
const kubeletsLook = { timeout: 180_000, interval: 500 };

/** @proves Secrets and ConfigMaps as variables | of the app; a changed value rolls the pods of a SpinApp */
test("a changed Secret rolls the pods, and mounted it changes in place", async () => {
  const secret = (token: string): string =>
    `{apiVersion: v1, kind: Secret, metadata: {name: keys}, stringData: {token: ${token}}}`;
  place.apply(secret("first"));
  const spec = [
    "replicas: 1",
    "variables: [{name: greeting, valueFrom: {secretKeyRef: {name: keys, key: token}}}]",
    health,
  ].join(", ");
  place.apply(app("rotates", "spin2:1", spec));
  place.ready("rotates");
  const greeting = async (): Promise<string> => {
    const url = `http://${place.service("rotates")}/variables@2.0.0/get`;
    return await (await fetch(url, { method: "POST", body: '["greeting"]' })).text();
  };
  await vi.waitFor(async () => expect(await greeting()).toContain("first"), patience);
  place.apply(secret("second"));
  await vi.waitFor(async () => expect(await greeting()).toContain("second"), patience);
});

/** @proves the kubelet's summary, for `kubectl top` | CPU time and memory of each Wasm container */
test("the kubelet's summary counts the app's CPU time and memory", async () => {
  place.apply(app("counted", "http:1", `replicas: 1, ${health}`));
  place.ready("counted");
  for (let count = 0; count < 50; count += 1) {
    await place.fetch(`http://${place.service("counted")}/bytes?n=100000`);
  }
  const node = place.field("pods", "{.items[0].spec.nodeName}");
  await vi.waitFor(() => {
    const summary = JSON.parse(
      cluster.kubectl("get", "--raw", `/api/v1/nodes/${node}/proxy/stats/summary`),
    ) as {
      readonly pods: readonly {
        readonly podRef: { readonly namespace: string };
        readonly containers: readonly {
          readonly name: string;
          readonly cpu?: { readonly usageCoreNanoSeconds?: number };
          readonly memory?: { readonly workingSetBytes?: number };
        }[];
      }[];
    };
    const pod = summary.pods.find(({ podRef }) => podRef.namespace === place.name);
    const container = pod?.containers.find(({ name }) => name === "counted");
    expect(container?.cpu?.usageCoreNanoSeconds).toBeGreaterThan(0);
    expect(container?.memory?.workingSetBytes).toBeGreaterThan(0);
  }, patience);
});
