/** The operator as a program with `--console`, with just the rights of deploy/rbac. */
import { Agent, request } from "node:https";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AppDetail } from "../../runtime/telemetry/admin/console-api.ts";
import { freePort } from "../servers/server-process.ts";
import { letList } from "./console-cluster.ts";
import { OperatorProcess, generatedRules } from "./operator-process.ts";
import { TestCluster, poll, spinApp } from "./test-cluster.ts";

const account = { namespace: "shop", name: "viewer" };
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start();
  for (const name of ["spin-operator", "shop"]) cluster.ensureNamespace(name);
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Over TLS; the certificate is the operator's own. */
async function get(port: number, path: string, token?: string): Promise<Answer> {
  const agent = new Agent({ rejectUnauthorized: false, keepAlive: false });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return await new Promise((resolve, reject) => {
    const sent = request(`https://127.0.0.1:${port}${path}`, { agent, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => (text += chunk));
      const { statusCode: status = 0, headers: own } = answer;
      answer.on("end", () => resolve({ status, type: own["content-type"] ?? "", text }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

test("serves the page to everybody, and what the operator found out to those who may see it", async () => {
  const { server } = cluster;
  generatedRules(server, ["one-namespace", "leader-election", "metrics"], "shop");
  letList(cluster, account, ["spinapps", "pods"], "shop");
  server.kubectl(["create", "-n", "shop", "sa", "viewer"]);
  const token = server.kubectl(["create", "-n", "shop", "token", "viewer"]).trim();
  const port = await freePort();
  await using program = await OperatorProcess.start(server, {
    token: server.weakToken,
    args: [
      ...["--console", `--console-bind-address=127.0.0.1:${port}`, "--console-title=shop"],
      ...["--watch-namespace=shop"],
    ],
  });
  const page = await get(port, "/app?id=shop%2Fa");
  expect([page.status, page.type]).toEqual([200, "text/html; charset=utf-8"]);
  expect(
    cluster.apply(
      "shop",
      spinApp("a", "variables: [{name: v, valueFrom: {secretKeyRef: {name: gone, key: k}}}]"),
    ),
  ).toBe("");
  let app: AppDetail | undefined;
  await poll(
    () => `not told: ${JSON.stringify(app)}\n${program.output}`,
    async () => {
      const { status, text } = await get(port, "/api/apps/shop%2Fa", token);
      app = status === 200 ? (JSON.parse(text) as AppDetail) : undefined;
      return app?.lastFailure?.code === "ReferenceMissing";
    },
  );
  expect(app?.lastFailure?.message).toContain("gone");
  expect(app?.lastFailure?.remedy).toContain("Create what the message names");
  expect((await get(port, "/api/apps")).status).toBe(401);
  expect((await get(port, "/api/apps", server.token)).status).toBe(200);
  await poll("the refusal is not logged", () => program.output.includes("was refused"));
  expect(program.output).not.toContain(token);
  expect(program.output).not.toContain("forbidden");
});
