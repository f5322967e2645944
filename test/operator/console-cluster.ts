import { createSign } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { type ServedConsole, serveConsole } from "../../operator/console/serve-console.ts";
import { Caches } from "../../operator/kube/caches.ts";
import { KubeClient } from "../../operator/kube/client.ts";
import { FakeClock } from "../../operator/kube/fake-clock.ts";
import { KubeConfigTransport } from "../../operator/kube/kube-config-transport.ts";
import { limits } from "../../operator/limits.ts";
import type { TestCluster } from "./test-cluster.ts";

/** The operator's console and its caches in this process, over a real API server. */
export class ClusterConsole implements AsyncDisposable {
  readonly logged: string[] = [];
  readonly #clock = new FakeClock();
  readonly #stop = new AbortController();
  readonly #transport: KubeConfigTransport;
  #served: ServedConsole | undefined;
  #running: Promise<void> = Promise.resolve();

  private constructor(cluster: TestCluster) {
    this.#transport = new KubeConfigTransport(cluster.server.kubeConfig());
  }

  /** Resolves when everything was read. */
  static async start(cluster: TestCluster): Promise<ClusterConsole> {
    const console = new ClusterConsole(cluster);
    const client = new KubeClient({ transport: console.#transport, userAgent: "test" });
    const caches = new Caches({ client });
    const note = (fields: object, message: string): void =>
      void console.logged.push(`${message} ${JSON.stringify(fields)}`);
    console.#served = await serveConsole({
      ...{ client, caches, clock: console.#clock, files: new Map() },
      ...{ address: { host: "127.0.0.1", port: 0 }, hostNames: ["console.example"] },
      ...{ title: "test", version: "1", certificate: undefined, recheckMs: 50 },
      scope: { namespace: undefined, operatorNamespace: "spin-operator" },
      log: { debug: note, info: note, warn: note, error: note },
    });
    console.#running = caches.run(console.#stop.signal);
    await caches.synced(console.#stop.signal);
    return console;
  }

  get url(): string {
    return this.#served?.url ?? "";
  }

  async get(
    path: string,
    token: string | undefined,
    more: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly text: string }> {
    const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...more };
    const answer = await fetch(this.url + path, { headers });
    return { status: answer.status, text: await answer.text() };
  }

  /** An answer that has to be there, as JSON. */
  async read<T>(path: string, token: string): Promise<T> {
    const { status, text } = await this.get(path, token);
    if (status !== 200) throw new Error(`${path} answers ${status}: ${text}`);
    return JSON.parse(text) as T;
  }

  /** Sends just these lines; resolves with what comes back. */
  async raw(lines: readonly string[]): Promise<string> {
    const socket = connect(Number(new URL(this.url).port), "127.0.0.1");
    socket.write(`${[...lines, "connection: close"].join("\r\n")}\r\n\r\n`);
    let text = "";
    for await (const chunk of socket.setEncoding("utf8")) text += String(chunk);
    return text;
  }

  /** Lets everything that is remembered of callers become old. */
  async forget(): Promise<void> {
    await this.#clock.advance(limits.consoleVerdictMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#served?.[Symbol.asyncDispose]();
    this.#stop.abort();
    await this.#running;
    await this.#transport[Symbol.asyncDispose]();
  }
}

const rbac = "rbac.authorization.k8s.io";

/** Lets the console's readers list these resources: in a namespace, in all where it is not given. */
export function letList(
  cluster: TestCluster,
  account: { readonly namespace: string; readonly name: string },
  resources: readonly ("spinapps" | "pods")[],
  where?: string,
): void {
  const name = `${account.name}-lists`;
  const metadata = where === undefined ? { name } : { name, namespace: where };
  const [role, binding] =
    where === undefined ? ["ClusterRole", "ClusterRoleBinding"] : ["Role", "RoleBinding"];
  const rules = resources.map((resource) => ({
    apiGroups: [resource === "pods" ? "" : "core.spinkube.dev"],
    resources: [resource],
    verbs: ["get", "list"],
  }));
  const items = [
    { apiVersion: `${rbac}/v1`, kind: role, metadata, rules },
    {
      ...{ apiVersion: `${rbac}/v1`, kind: binding, metadata },
      roleRef: { apiGroup: rbac, kind: role, name },
      subjects: [{ kind: "ServiceAccount", ...account }],
    },
  ];
  cluster.server.kubectl(
    ["apply", "-f", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "List", items }),
  );
}

/** A token as the API server makes them, of any time and for any audience. */
export function signedToken(
  cluster: TestCluster,
  account: { readonly namespace: string; readonly name: string },
  { expiresInS }: { readonly expiresInS: number },
): string {
  const { namespace, name } = account;
  const found = cluster.server.kubectl(["get", "-n", namespace, `sa/${name}`, "-o", "json"]);
  const { metadata } = JSON.parse(found) as { readonly metadata: { readonly uid: string } };
  const issuer = "https://kubernetes.default.svc";
  const nowS = Math.floor(Date.now() / 1000);
  const claims = {
    ...{ iss: issuer, aud: [issuer], sub: `system:serviceaccount:${namespace}:${name}` },
    ...{ iat: nowS - 7200, nbf: nowS - 7200, exp: nowS + expiresInS },
    "kubernetes.io": { namespace, serviceaccount: { name, uid: metadata.uid } },
  };
  const encoded = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${encoded({ alg: "RS256", typ: "JWT" })}.${encoded(claims)}`;
  const key = readFileSync(cluster.server.serviceAccountKeyFile, "utf8");
  return `${text}.${createSign("RSA-SHA256").update(text).sign(key, "base64url")}`;
}
