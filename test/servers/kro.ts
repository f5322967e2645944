import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type GoModule, goModule } from "./go-module.ts";
import { goTool } from "./go-tool.ts";
import type { KubeApiServer } from "./kube-apiserver.ts";
import { ServerProcess, freePort } from "./server-process.ts";

/** kro's sources. */
export const kroModule: GoModule = {
  path: "github.com/kubernetes-sigs/kro",
  version: "v0.9.4",
  sum: "h1:gynhldCLYW5x+M0c2Bf1ihoQTpNE68SKiXl1f6aX1kk=",
};

/** Path of kro's controller; built from source (five minutes) the first time. */
export function kroController(): string {
  const { path, version } = kroModule;
  return goTool({ name: "controller", package: `${path}/cmd/controller`, version });
}

/** kro's definitions, from the module that the controller was built from. */
export function kroCrds(): readonly string[] {
  const folder = join(goModule(kroModule), "helm/crds");
  return readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
}

/** kro's controller against an API server that has its definitions. */
export class Kro implements AsyncDisposable {
  readonly #server: ServerProcess;

  private constructor(server: ServerProcess) {
    this.#server = server;
  }

  static async start(apiServer: Pick<KubeApiServer, "kubeconfigFile">): Promise<Kro> {
    const [health, metrics] = [await freePort(), await freePort()];
    const server = await ServerProcess.start({
      program: kroController(),
      args: [
        ...["-kubeconfig", apiServer.kubeconfigFile],
        ...["-health-probe-bind-address", `127.0.0.1:${health}`],
        ...["-metrics-bind-address", `127.0.0.1:${metrics}`],
        ...["-instance-requeue-interval", "500ms", "-rgd-progress-requeue-delay", "500ms"],
      ],
      environment: { KUBECONFIG: apiServer.kubeconfigFile },
      probe: async () => {
        const { status } = await fetch(`http://127.0.0.1:${health}/readyz`);
        if (status !== 200) throw new Error(`readyz answers ${status}`);
      },
    });
    return new Kro(server);
  }

  /** The last of what it printed. */
  get output(): string {
    return this.#server.output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
