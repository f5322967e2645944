/** Webhooks that answer the API server alone: it shows them a certificate. */
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { afterAll, beforeAll, expect, test } from "vitest";
import { webhookHosts } from "../../operator/admission/webhook-paths.ts";
import { type Certificate, makeCertificate } from "../servers/certificate.ts";
import { freePort } from "../servers/server-process.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { OperatorProcess, generatedRules } from "./operator-process.ts";
import { TestCluster, spinApp } from "./test-cluster.ts";
import { webhooksHere } from "./webhooks-here.ts";

let folder: TemporaryFolder;
let certificate: Certificate;
let cluster: TestCluster;
let operator: OperatorProcess;
let port: number;

/** https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
function admissionConfiguration(kubeConfigFile: string): object {
  const configuration = {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "WebhookAdmissionConfiguration",
    kubeConfigFile,
  };
  const plugins = ["MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"];
  return {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AdmissionConfiguration",
    plugins: plugins.map((name) => ({ name, configuration })),
  };
}

/** Who the API server is to the webhooks' Service. */
function clientOf({ certFile, keyFile }: Certificate): object {
  const user = { "client-certificate": certFile, "client-key": keyFile };
  const [host] = webhookHosts("spin-operator");
  return { apiVersion: "v1", kind: "Config", users: [{ name: `${host}:${port}`, user }] };
}

beforeAll(async () => {
  folder = new TemporaryFolder({});
  certificate = makeCertificate(folder.path);
  port = await freePort();
  const [admission, client] = [folder.file("admission.json"), folder.file("client.json")];
  writeFileSync(client, JSON.stringify(clientOf(certificate)));
  writeFileSync(admission, JSON.stringify(admissionConfiguration(client)));
  cluster = await TestCluster.start({ args: [`--admission-control-config-file=${admission}`] });
  cluster.server.kubectl(["create", "namespace", "spin-operator"]);
  cluster.server.kubectl(["apply", "-f", "-"], webhooksHere(port));
  generatedRules(cluster.server, ["cluster-wide", "leader-election", "metrics", "webhooks"]);
  operator = await OperatorProcess.start(cluster.server, {
    token: cluster.server.weakToken,
    args: [
      ...["--enable-webhooks", `--webhook-bind-address=127.0.0.1:${port}`],
      `--webhook-client-ca-file=${certificate.caFile}`,
    ],
  });
});

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Status of an answer to somebody who knows the way. */
async function asked(client: { readonly cert?: string; readonly key?: string }): Promise<number> {
  return await new Promise((resolve, reject) => {
    const url = `https://127.0.0.1:${port}/validate-core-spinkube-dev-v1alpha1-spinapp`;
    const options = { ...client, method: "POST", rejectUnauthorized: false, agent: false } as const;
    const sent = request(url, options, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on("error", reject);
    sent.end("{}");
  });
}

test("the API server is answered", () => {
  const namespace = cluster.namespace();
  expect(cluster.apply(namespace, spinApp("app"))).toBe("");
  const nobody = spinApp("other").replace("executor: containerd-shim-spin", "executor: nobody");
  expect(cluster.apply(namespace, nobody)).toContain("executor does not exist in namespace");
});

test("somebody without a certificate is not, nor with one of another authority", async () => {
  await expect(asked({})).rejects.toThrow(/certificate|reset|hang up/i);
  using others = new TemporaryFolder({});
  const other = makeCertificate(others.path);
  await expect(asked(pemOf(other))).rejects.toThrow(/certificate|unknown ca|reset|hang up/i);
  // The same question with the API server's certificate is a bad one, but it is answered.
  expect(await asked(pemOf(certificate))).toBe(400);
});

function pemOf({ certFile, keyFile }: Certificate): { cert: string; key: string } {
  return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}
