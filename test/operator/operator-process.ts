import { writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { fileURLToPath } from "node:url";
import { rbacFiles } from "../../operator/api/generate-rbac.ts";
import type { KubeApiServer } from "../servers/kube-apiserver.ts";
import { RestartableServer, serverFolder } from "../servers/restartable-server.ts";
import { freePort } from "../servers/server-process.ts";

export const operatorMain: string = fileURLToPath(
  new URL("../../operator/main.ts", import.meta.url),
);

export interface OperatorProcessOptions {
  /** Of the administrator where not given. */
  readonly token?: string;
  /** Where the API server is reached; itself where not given. */
  readonly url?: string;
  /** Of an HTTP proxy on the way there. */
  readonly proxyUrl?: string;
  readonly args?: readonly string[];
}

/** The operator as a process of its own, with the service account's rights where one is given. */
export class OperatorProcess implements AsyncDisposable {
  readonly #server: RestartableServer;
  readonly #metricsPort: number;

  private constructor(server: RestartableServer, metricsPort: number) {
    this.#server = server;
    this.#metricsPort = metricsPort;
  }

  /** Resolves when it is ready. */
  static async start(
    server: KubeApiServer,
    { token, url, proxyUrl, args = [] }: OperatorProcessOptions = {},
  ): Promise<OperatorProcess> {
    const [health, metrics] = [await freePort(), await freePort()];
    const folder = serverFolder();
    const kubeconfig = `${folder}/kubeconfig`;
    const reached = { ...(token && { token }), ...(url && { url }), ...(proxyUrl && { proxyUrl }) };
    writeFileSync(kubeconfig, server.kubeConfig(reached).exportConfig());
    const started = await RestartableServer.start(folder, {
      program: process.execPath,
      args: [
        operatorMain,
        ...["--kubeconfig", kubeconfig],
        `--health-probe-bind-address=127.0.0.1:${health}`,
        `--metrics-bind-address=127.0.0.1:${metrics}`,
        ...args,
      ],
      probe: async () => {
        const { status } = await fetch(`http://127.0.0.1:${health}/readyz`);
        if (status !== 200) throw new Error(`readyz answers ${status}`);
      },
    });
    return new OperatorProcess(started, metrics);
  }

  get pid(): number {
    return this.#server.process.pid;
  }

  get output(): string {
    return this.#server.process.output;
  }

  async restart(): Promise<void> {
    await this.#server.restart();
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    await this.#server.kill();
  }

  /** Metrics over TLS; the certificate is its own and not looked at, as upstream's. */
  async metrics(token?: string): Promise<{ readonly status: number; readonly text: string }> {
    const agent = new Agent({ rejectUnauthorized: false, keepAlive: false });
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return await new Promise((resolve, reject) => {
      const url = `https://127.0.0.1:${this.#metricsPort}/metrics`;
      const sent = request(url, { agent, headers }, (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => (text += chunk));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
      });
      sent.on("error", reject);
      sent.end();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

/**
 * Gives the user of the weak token just the rights of these files of deploy/rbac; `watched` stands
 * for the namespace that one-namespace.yaml names.
 */
export function generatedRules(
  server: KubeApiServer,
  names: readonly string[],
  watched = "watched",
): void {
  const files = rbacFiles();
  const account =
    "kind: ServiceAccount\n    name: spin-operator-controller-manager\n    namespace: spin-operator";
  const user = "kind: User\n    apiGroup: rbac.authorization.k8s.io\n    name: nobody";
  for (const name of names) {
    const text = (files[`${name}.yaml`] ?? "").replaceAll(account, user);
    server.kubectl(
      ["apply", "-f", "-"],
      text.replaceAll("namespace: watched", `namespace: ${watched}`),
    );
  }
}
