import { connect } from "node:net";
import type { KubeApiServer } from "./kube-apiserver.ts";
import { kubernetesTool } from "./kubernetes-tools.ts";
import { ServerProcess, freePort } from "./server-process.ts";

export interface KubeControllerManagerOptions {
  /** All of them where not given. */
  readonly controllers?: readonly string[];
  /** Requests to the API server a second, at half as many more in a burst; 20 as Kubernetes has it. */
  readonly qps?: number | undefined;
}

/** The controllers of Kubernetes: garbage collection, Deployments, ReplicaSets, service accounts. */
export class KubeControllerManager implements AsyncDisposable {
  readonly #server: ServerProcess;

  private constructor(server: ServerProcess) {
    this.#server = server;
  }

  static async start(
    apiServer: KubeApiServer,
    options: KubeControllerManagerOptions = {},
  ): Promise<KubeControllerManager> {
    const { controllers = ["*"], qps = 20 } = options;
    const port = await freePort();
    const server = await ServerProcess.start({
      program: kubernetesTool("kube-controller-manager"),
      args: [
        `--kubeconfig=${apiServer.kubeconfigFile}`,
        `--service-account-private-key-file=${apiServer.serviceAccountKeyFile}`,
        `--root-ca-file=${apiServer.caFile}`,
        `--controllers=${controllers.join(",")}`,
        `--kube-api-qps=${qps}`,
        `--kube-api-burst=${Math.ceil(qps * 1.5)}`,
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        `--secure-port=${port}`,
        "--use-service-account-credentials=false",
        // Nobody wants to wait fifteen seconds for a first look.
        "--horizontal-pod-autoscaler-sync-period=2s",
      ],
      probe: async () => await listening(port),
    });
    return new KubeControllerManager(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

function listening(port: number): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
  });
}
