/** The agent and a real API server: what it shows of its node, and what it takes from there. */
import { existsSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { buildComponentArtifact } from "../../runtime/image/component-artifact.ts";
import { parseAgentOptions } from "../../shim/agent/agent-options.ts";
import { hostCommands } from "../../shim/agent/host-command.ts";
import { KubeClient } from "../../shim/agent/kube-client.ts";
import type { KubeNodeObject } from "../../shim/agent/node-report.ts";
import { NodeSlots } from "../../shim/agent/node-slots.ts";
import { runAgent } from "../../shim/agent/run-agent.ts";
import { uninstallAll } from "../../shim/agent/uninstall-all.ts";
import { buildShim } from "../../shim/build-shim.ts";
import { KubeApiServer, kubeApiServerObstacle } from "../servers/kube-apiserver.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { AgentNode } from "./agent-node.ts";
import { patience } from "./test-node.ts";

const daemonSet = { namespace: "whorl", name: "whorl-agent" };
const nodeName = "node-1";
const component = fileURLToPath(new URL("../../wasm-apps/http-rust/http.wasm", import.meta.url));
const patient = { timeout: 90_000, interval: 200 };

/** What docs and chart give the agent, and nothing else. */
const rights = {
  apiVersion: "v1",
  kind: "List",
  items: [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "whorl" } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "agent" },
      rules: [
        { apiGroups: [""], resources: ["nodes"], verbs: ["get", "patch"] },
        { apiGroups: [""], resources: ["nodes/status"], verbs: ["patch"] },
        { apiGroups: [""], resources: ["events"], verbs: ["create"] },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "agent", namespace: "whorl" },
      rules: [
        { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
        {
          apiGroups: ["coordination.k8s.io"],
          resources: ["leases"],
          resourceNames: ["whorl-agent-slot-0", "whorl-agent-slot-1"],
          verbs: ["get", "update", "delete"],
        },
        {
          apiGroups: ["apps"],
          resources: ["daemonsets"],
          resourceNames: [daemonSet.name],
          verbs: ["get", "list", "watch"],
        },
      ],
    },
    ...["ClusterRole", "Role"].map((kind) => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: `${kind}Binding`,
      metadata: { name: "agent", ...(kind === "Role" && { namespace: "whorl" }) },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: "agent" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "nobody" }],
    })),
    {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: nodeName },
      spec: {
        taints: [
          { key: "whorl.dev/agent-not-ready", effect: "NoSchedule" },
          { key: "somebody.else", effect: "NoSchedule" },
        ],
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: daemonSet,
      spec: {
        selector: { matchLabels: { app: "agent" } },
        template: {
          metadata: { labels: { app: "agent" } },
          spec: { containers: [{ name: "agent", image: "agent" }] },
        },
      },
    },
  ],
};

let folder: TemporaryFolder;
let api: KubeApiServer;
let administrator: KubeClient;
let agentClient: KubeClient;

beforeAll(async () => {
  const obstacle = kubeApiServerObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  folder = new TemporaryFolder({});
  await buildShim(folder.file("tree"));
  api = await KubeApiServer.start();
  api.kubectl(["apply", "-f", "-"], JSON.stringify(rights));
  administrator = clientOf(api.token);
  agentClient = clientOf(api.weakToken);
});

afterAll(async () => {
  administrator[Symbol.dispose]();
  agentClient[Symbol.dispose]();
  await api[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function clientOf(token: string): KubeClient {
  return new KubeClient({ server: api.url, ca: api.ca, token: () => token });
}

function kubeNode(): Promise<KubeNodeObject> {
  return administrator.get<KubeNodeObject>(`/api/v1/nodes/${nodeName}`);
}

async function eventsOfNode(): Promise<readonly string[]> {
  const { items } = await administrator.get<{ readonly items: readonly { reason: string }[] }>(
    "/api/v1/namespaces/default/events?fieldSelector=involvedObject.kind%3DNode",
  );
  return items.map(({ reason }) => reason);
}

async function fetched(port: number, path: string): Promise<{ status: number; text: string }> {
  const [answer] = (await once(
    get({ host: "127.0.0.1", port, path, agent: false }),
    "response",
  )) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}

/** An agent as its pod would run it. */
class RunningAgent implements AsyncDisposable {
  readonly port: number;
  readonly #stop: AbortController;
  readonly #ended: Promise<void>;

  private constructor(port: number, stop: AbortController, ended: Promise<void>) {
    this.port = port;
    this.#stop = stop;
    this.#ended = ended;
  }

  static async start(node: AgentNode, podName: string): Promise<RunningAgent> {
    const stop = new AbortController();
    const { promise: listening, resolve } = Promise.withResolvers<number>();
    const ended = runAgent({
      options: parseAgentOptions(node.args("--listen=127.0.0.1:0")),
      version: "1.0.0",
      cluster: {
        client: agentClient,
        nodeName,
        podName,
        namespace: daemonSet.namespace,
        daemonSet: daemonSet.name,
      },
      commands: hostCommands({ root: "/", enter: [] }),
      restart: async () => {
        await node.containerd.killServer();
        await node.containerd.startServer();
      },
      log: (message) => void node.log.push(message),
      signal: stop.signal,
      onListening: resolve,
    });
    return new RunningAgent(await Promise.race([listening, ended.then(() => 0)]), stop, ended);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

test("a node from its startup taint to its end", async () => {
  await using node = await AgentNode.start("2.4", folder.file("tree"));
  await using agent = await RunningAgent.start(node, "agent-1");
  expect((await fetched(agent.port, "/healthz")).status).toBe(200);
  const isReady = async (): Promise<void> => {
    expect(await fetched(agent.port, "/readyz")).toEqual({ status: 200, text: "ok\n" });
    const { metadata, spec, status } = await kubeNode();
    expect(metadata.labels).toMatchObject({
      "whorl.dev/ready": "true",
      "whorl.dev/version": "1.0.0",
    });
    // The API server adds its own, as long as no kubelet has spoken.
    const taints = spec?.taints?.map(({ key }) => key);
    expect(taints).toEqual(["somebody.else", "node.kubernetes.io/not-ready"]);
    expect(status?.conditions).toMatchObject([
      { type: "WhorlReady", status: "True", reason: "Ready" },
    ]);
  };
  await vi.waitFor(isReady, patient);
  // Told after the node has its condition.
  await vi.waitFor(async () => expect(await eventsOfNode()).toEqual(["WhorlReady"]), patient);
  const { text } = await fetched(agent.port, "/metrics");
  expect(text).toContain('whorl_agent_info{version="1.0.0"} 1');
  expect(text).toContain("whorl_agent_ready 1");
  expect(text).toContain('whorl_agent_steps_total{step="restart"} 1');

  // An image that nobody has asked for yet.
  const interfaces = { imports: [], exports: ["wasi:http/incoming-handler@0.2.0"] };
  const artifact = await buildComponentArtifact(component, interfaces);
  await node.containerd.importArtifact(artifact, "localhost/component:1");
  await vi.waitFor(async () => {
    const metrics = await fetched(agent.port, "/metrics");
    expect(metrics.text).toMatch(/whorl_agent_images_total\{result="prepared"\} [2-9]/);
    // The second one is an ordinary image, and was there before.
    for (const name of ["component", "http"]) {
      expect(node.log).toContain(`image localhost/${name}:1 is prepared`);
    }
  }, patient);

  await using second = await RunningAgent.start(node, "agent-2");
  await vi.waitFor(async () => {
    const { status, text: reason } = await fetched(second.port, "/readyz");
    expect([status, reason]).toEqual([503, expect.stringContaining("another agent works")]);
  }, patience);
  await second[Symbol.asyncDispose]();
  await vi.waitFor(isReady, patient);

  const pod = await node.containerd.runPod({ handler: node.handler });
  const signal = AbortSignal.timeout(90_000);
  const request = { client: administrator, daemonSet, isForced: false, signal };
  await expect(uninstallAll({ ...request, waitMs: 4000 })).rejects.toThrow(
    /1 nodes could not be taken back.*\n {2}node-1: Wasm pods still run on this node: default\/pod-1/,
  );
  await node.containerd.removePod(pod);
  // It goes on as if nothing had been wished.
  await vi.waitFor(isReady, patient);

  await uninstallAll({ ...request, waitMs: 60_000 });
  const { metadata, status } = await kubeNode();
  expect(metadata.labels ?? {}).toEqual({});
  expect(status?.conditions ?? []).toEqual([]);
  expect(existsSync(node.install)).toBe(false);
  expect(node.configuration).toBe(node.original);
  expect(await eventsOfNode()).toContain("WhorlFailed");
});

test("nodes whose agents are gone are named, not forgotten", async () => {
  const path = `/api/v1/nodes/${nodeName}`;
  const label = (value: string | null): Promise<object> =>
    administrator.patch(path, { metadata: { labels: { "whorl.dev/version": value } } });
  const isReady = { type: "WhorlReady", status: "True", reason: "Ready", message: "it works" };
  await label("1.0.0");
  await administrator.patch(`${path}/status`, { status: { conditions: [isReady] } });
  const signal = AbortSignal.timeout(30_000);
  const request = { client: administrator, isForced: false, waitMs: 1, signal };
  const gone = { ...daemonSet, name: "gone" };
  await expect(uninstallAll({ ...request, daemonSet })).rejects.toThrow(
    /1 nodes could not be taken back.*\n {2}node-1: no agent answers there/,
  );
  await expect(uninstallAll({ ...request, daemonSet: gone })).rejects.toThrow(
    /no DaemonSet whorl\/gone .* installed on 1 nodes \(node-1\)/,
  );
  await uninstallAll({ ...request, daemonSet: gone, isForced: true });
  await label(null);
  await uninstallAll({ ...request, daemonSet: gone });
});

describe("slots", () => {
  function slots(holder: string, waiting: string[] = []): NodeSlots {
    return new NodeSlots({
      client: agentClient,
      namespace: daemonSet.namespace,
      daemonSet: daemonSet.name,
      holder,
      count: 2,
      log: (message) => void waiting.push(message),
      onWait: () => void waiting.push(holder),
    });
  }

  test("no more than so many at once; who waits is next", async () => {
    const signal = AbortSignal.timeout(60_000);
    const waiting: string[] = [];
    const held = await Promise.all(["a", "b"].map((name) => slots(name).take(signal)));
    const third = slots("c", waiting).take(signal);
    await vi.waitFor(() => expect(waiting).toEqual(["c"]), patience);
    await held[0]?.[Symbol.asyncDispose]();
    await (await third)[Symbol.asyncDispose]();
    // Its own slot is nobody else's, also after its agent was started anew.
    await (await slots("b").take(signal))[Symbol.asyncDispose]();
    await held[1]?.[Symbol.asyncDispose]();
    expect(waiting).toEqual(["c"]);
    // They go when the agents go.
    const { items } = await administrator.get<{
      readonly items: readonly { readonly metadata: { readonly ownerReferences?: object[] } }[];
    }>("/apis/coordination.k8s.io/v1/namespaces/whorl/leases");
    const owner = { kind: "DaemonSet", name: daemonSet.name };
    expect(items.map(({ metadata }) => metadata.ownerReferences)).toEqual([
      [expect.objectContaining(owner)],
      [expect.objectContaining(owner)],
    ]);
  });
});

test("without rights: which one is missing", async () => {
  await expect(agentClient.get("/api/v1/secrets")).rejects.toThrow(
    /Kubernetes: GET \/api\/v1\/secrets: secrets is forbidden: User "nobody" cannot list/,
  );
});
