import { afterAll, beforeAll, expect, test } from "vitest";
import { OperatorProcess, generatedRules } from "../../test/operator/operator-process.ts";
import { TestCluster, poll, spinApp } from "../../test/operator/test-cluster.ts";
import { webhooksHere } from "../../test/operator/webhooks-here.ts";
import { freePort } from "../../test/servers/server-process.ts";
import { webhookNames } from "../admission/webhook-paths.ts";
import { spinApps } from "./resources.ts";

let cluster: TestCluster;
let operator: OperatorProcess;
let namespace: string;

beforeAll(async () => {
  cluster = await TestCluster.start();
  cluster.server.kubectl(["create", "namespace", "spin-operator"]);
  const port = await freePort();
  cluster.server.kubectl(["apply", "-f", "-"], webhooksHere(port));
  generatedRules(cluster.server, ["cluster-wide", "leader-election", "metrics", "webhooks"]);
  operator = await OperatorProcess.start(cluster.server, {
    token: cluster.server.weakToken,
    args: ["--enable-webhooks", `--webhook-bind-address=127.0.0.1:${port}`],
  });
  namespace = cluster.namespace();
});

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

function executor(name: string, spec: string): string {
  return `{apiVersion: core.spinkube.dev/v1alpha1, kind: SpinAppExecutor, metadata: {name: ${name}}, spec: ${spec}}`;
}

test("a webhook refuses in spin-operator's words", async () => {
  const metadata = { name: "spinapp", namespace };
  const spec = { image: "registry.example/hello:1", executor: "nobody", replicas: 1 };
  await expect(cluster.client.create(spinApps, { metadata, spec })).rejects.toThrow(
    'admission webhook "vspinapp.kb.io" denied the request: SpinApp.core.spinkube.dev "spinapp" is invalid: spec.executor: Invalid value: "nobody": executor does not exist in namespace',
  );
  const app = spinApp("spinapp").replace("executor: containerd-shim-spin", "executor: nobody");
  expect(cluster.apply(namespace, app)).toContain(
    'The SpinApp "spinapp" is invalid: spec.executor: Invalid value: "nobody": executor does not exist in namespace',
  );
});

test("an app without executor gets the first one of its namespace, else the built-in one", () => {
  const app = (name: string): string =>
    spinApp(name).replace("executor: containerd-shim-spin", 'executor: ""');
  expect(cluster.apply(namespace, app("first"))).toBe("");
  expect(cluster.get(namespace, "spinapp/first")?.spec["executor"]).toBe("containerd-shim-spin");
  const external = "{createDeployment: false}";
  expect(cluster.apply(namespace, executor("cyclotron", external))).toBe("");
  expect(cluster.apply(namespace, executor("alpha", external))).toBe("");
  // Named at once, though the operator's watch may not have told of it yet.
  const named = spinApp("named").replace("executor: containerd-shim-spin", "executor: alpha");
  expect(cluster.apply(namespace, named)).toBe("");
  const annotated = spinApp("named", "podAnnotations: {a: b}");
  expect(
    cluster.apply(namespace, annotated.replace("containerd-shim-spin", "cyclotron")),
  ).toContain("podAnnotations can't be set when the executor does not use operator deployments");
});

test("an executor that says nothing is refused by the schema, before any webhook", () => {
  const spec = "{createDeployment: true, deploymentConfig: {}}";
  expect(cluster.apply(namespace, executor("odd", spec))).toContain(
    "either runtimeClassName or spinImage must be set",
  );
});

test("a certificate that is lost is made anew, and trusted", async () => {
  const secret = ["-n", "spin-operator", "delete", "secret", webhookNames.secret];
  cluster.server.kubectl(secret);
  await operator.restart();
  const again = cluster.get("spin-operator", `secret/${webhookNames.secret}`);
  expect(again?.data?.["tls.crt"]).toBeDefined();
  await poll("webhooks are not trusted", () => cluster.apply(namespace, spinApp("again")) === "");
});
