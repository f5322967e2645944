import { connects } from "./connects.ts";
import type { KubeApiServer } from "./kube-apiserver.ts";
import { kubernetesTool } from "./kubernetes-tools.ts";
import { ServerProcess, freePort } from "./server-process.ts";

/** Kubernetes' scheduler: gives pods their nodes. */
export class KubeScheduler implements AsyncDisposable {
  readonly #server: ServerProcess;

  private constructor(server: ServerProcess) {
    this.#server = server;
  }

  static async start(apiServer: KubeApiServer): Promise<KubeScheduler> {
    const port = await freePort();
    const kubeconfig = apiServer.kubeconfigFile;
    const server = await ServerProcess.start({
      program: kubernetesTool("kube-scheduler"),
      args: [
        `--kubeconfig=${kubeconfig}`,
        `--authentication-kubeconfig=${kubeconfig}`,
        `--authorization-kubeconfig=${kubeconfig}`,
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        `--secure-port=${port}`,
      ],
      probe: async () => await connects(port),
    });
    return new KubeScheduler(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
