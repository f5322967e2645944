/**
 * Where control plane and nodes see each other through a tunnel only: the operator asks the API server
 * through a proxy, and the API server its webhooks, as it does with konnectivity.
 */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { spinApps } from "../../operator/reconcile/resources.ts";
import { ConnectProxy } from "../servers/connect-proxy.ts";
import { freePort } from "../servers/server-process.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { OperatorProcess, generatedRules } from "./operator-process.ts";
import { type Live, TestCluster, readyReason } from "./test-cluster.ts";
import { webhooksHere } from "./webhooks-here.ts";

let toServer: ConnectProxy;
let toNodes: ConnectProxy;
let folder: TemporaryFolder;
let cluster: TestCluster;
let operator: OperatorProcess;
let webhookPort: number;

/** https://kubernetes.io/docs/tasks/extend-kubernetes/setup-konnectivity/ */
function egress(udsName: string): object {
  const transport = { uds: { udsName } };
  return {
    apiVersion: "apiserver.k8s.io/v1beta1",
    kind: "EgressSelectorConfiguration",
    egressSelections: [
      { name: "cluster", connection: { proxyProtocol: "HTTPConnect", transport } },
    ],
  };
}

beforeAll(async () => {
  toServer = await ConnectProxy.start();
  folder = new TemporaryFolder({});
  toNodes = await ConnectProxy.start(folder.file("tunnel"));
  writeFileSync(folder.file("egress.json"), JSON.stringify(egress(folder.file("tunnel"))));
  cluster = await TestCluster.start({
    args: [`--egress-selector-config-file=${folder.file("egress.json")}`],
  });
  cluster.server.kubectl(["create", "namespace", "spin-operator"]);
  webhookPort = await freePort();
  cluster.server.kubectl(["apply", "-f", "-"], webhooksHere(webhookPort));
  generatedRules(cluster.server, ["cluster-wide", "leader-election", "metrics", "webhooks"]);
  operator = await OperatorProcess.start(cluster.server, {
    token: cluster.server.weakToken,
    proxyUrl: toServer.url,
    args: ["--enable-webhooks", `--webhook-bind-address=127.0.0.1:${webhookPort}`],
  });
});

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
  await toNodes[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
  await toServer[Symbol.asyncDispose]();
});

/** Without a process that would be waited for: the tunnel is in this one. */
async function create(namespace: string, name: string, executor: string): Promise<void> {
  const spec = { image: "registry.example/hello:1", executor, replicas: 1 };
  await cluster.client.create(spinApps, { metadata: { name, namespace }, spec });
}

test("apps are reconciled through the proxy, also after it has lost everything", async () => {
  const namespace = cluster.namespace();
  const isStarting = (app: Live): boolean => readyReason(app) === "Starting";
  await create(namespace, "before", "containerd-shim-spin");
  await cluster.until(namespace, "spinapp/before", isStarting);
  toServer.cut();
  await create(namespace, "after", "containerd-shim-spin");
  await cluster.until(namespace, "spinapp/after", isStarting);
  expect(new Set(toServer.targets)).toEqual(new Set([`127.0.0.1:${cluster.server.port}`]));
});

test("the API server reaches the webhooks through its tunnel", async () => {
  const namespace = cluster.namespace();
  await expect(create(namespace, "app", "nobody")).rejects.toThrow(
    /admission webhook "vspinapp.kb.io" denied the request: .*executor does not exist/,
  );
  expect(new Set(toNodes.targets)).toEqual(new Set([`localhost:${webhookPort}`]));
});
