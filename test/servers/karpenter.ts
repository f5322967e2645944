import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type GoModule, goModule } from "./go-module.ts";
import { goTool } from "./go-tool.ts";
import { ServerProcess, freePort } from "./server-process.ts";

/** Karpenter's sources. */
export const karpenterModule: GoModule = {
  path: "sigs.k8s.io/karpenter",
  version: "v1.13.0",
  sum: "h1:7/ZergHciATEZ/hubSe9S2fB4iYWcRZqrWIItupUjVM=",
};

/** Path of Karpenter with the provider of made-up machines; built (three minutes) the first time. */
export function karpenterController(): string {
  const { path, version } = karpenterModule;
  const environment = { GONOSUMDB: "k8s.io/*,sigs.k8s.io/*" };
  return goTool({ name: "kwok", package: `${path}/kwok`, version, environment });
}

/** Karpenter's definitions and those of its provider, from the module that it was built from. */
export function karpenterCrds(): readonly string[] {
  const folder = goModule(karpenterModule);
  return [
    "pkg/apis/crds/karpenter.sh_nodepools.yaml",
    "pkg/apis/crds/karpenter.sh_nodeclaims.yaml",
    "pkg/apis/crds/karpenter.sh_nodeoverlays.yaml",
    "kwok/apis/crds/karpenter.kwok.sh_kwoknodeclasses.yaml",
  ].map((name) => readFileSync(join(folder, name), "utf8"));
}

/** Karpenter against an API server that has its definitions: it makes Nodes, but no machines. */
export class Karpenter implements AsyncDisposable {
  readonly #server: ServerProcess;

  private constructor(server: ServerProcess) {
    this.#server = server;
  }

  static async start(kubeconfig: string): Promise<Karpenter> {
    const [health, metrics] = [await freePort(), await freePort()];
    const server = await ServerProcess.start({
      program: karpenterController(),
      args: [
        `--health-probe-port=${health}`,
        `--metrics-port=${metrics}`,
        "--disable-leader-election=true",
      ],
      environment: { KUBECONFIG: kubeconfig },
      probe: async () => {
        const { status } = await fetch(`http://127.0.0.1:${health}/readyz`);
        if (status !== 200) throw new Error(`readyz answers ${status}`);
      },
    });
    return new Karpenter(server);
  }

  /** The last of what it printed. */
  get output(): string {
    return this.#server.output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
