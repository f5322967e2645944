import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { goTool } from "./go-tool.ts";
import type { KubeApiServer } from "./kube-apiserver.ts";
import { ServerProcess, freePort } from "./server-process.ts";

const kroModule = "github.com/kubernetes-sigs/kro";
const version = "v0.9.4";

/** Path of kro's controller; built from source (five minutes) the first time. */
export function kroController(): string {
  return goTool({ name: "controller", package: `${kroModule}/cmd/controller`, version });
}

/** kro's definitions, from the module that the controller was built from. */
export function kroCrds(): readonly string[] {
  const { stdout } = spawnSync("go", ["mod", "download", "-json", `${kroModule}@${version}`], {
    encoding: "utf8",
  });
  const { Dir } = JSON.parse(stdout) as { readonly Dir: string };
  const folder = join(Dir, "helm/crds");
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
