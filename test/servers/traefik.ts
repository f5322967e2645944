import type { GoModule } from "./go-module.ts";
import { goTool } from "./go-tool.ts";
import { ServerProcess, freePort } from "./server-process.ts";

/** Traefik's sources. */
export const traefikModule: GoModule = {
  path: "github.com/traefik/traefik/v3",
  version: "v3.7.9",
  sum: "h1:RxOqG3Wtvl1F5yCDr2ZxAg21YU3QCh/m0tae3Su4BZ8=",
};

/** What a GatewayClass names so that Traefik takes it. */
export const traefikController = "traefik.io/gateway-controller";

/** Path of Traefik; built from source (ten minutes) the first time. */
export function traefikProgram(): string {
  const { version } = traefikModule;
  // A module of its own in the same repository, which the archive therefore lacks: types without fields.
  const extension = "pkg/config/dynamic/ext";
  return goTool({
    name: "traefik",
    package: "./cmd/traefik",
    version,
    module: traefikModule,
    files: {
      [`${extension}/go.mod`]: "module github.com/traefik/traefik/dynamic/ext\n\ngo 1.26\n",
      [`${extension}/ext.go`]: "package ext\n\ntype HTTP struct{}\n\ntype Router struct{}\n",
    },
    ldflags: `-X github.com/traefik/traefik/v3/pkg/version.Version=${version.slice(1)}`,
  });
}

export interface TraefikOptions {
  readonly kubeconfig: string;
  /** Where it listens on port 80; the address that Gateways are said to have. */
  readonly address: string;
}

/** Traefik as controller and proxy of Gateway API, against an API server with its definitions. */
export class Traefik implements AsyncDisposable {
  readonly #server: ServerProcess;

  private constructor(server: ServerProcess) {
    this.#server = server;
  }

  /** Resolves when it is ready. Throws where port 80 of the address is taken. */
  static async start({ kubeconfig, address }: TraefikOptions): Promise<Traefik> {
    const ping = await freePort();
    const server = await ServerProcess.start({
      program: traefikProgram(),
      args: [
        "--global.checkNewVersion=false",
        "--global.sendAnonymousUsage=false",
        `--entryPoints.web.address=${address}:80`,
        "--entryPoints.web.transport.lifeCycle.graceTimeOut=1",
        `--entryPoints.traefik.address=127.0.0.1:${ping}`,
        "--ping=true",
        "--providers.kubernetesGateway=true",
        `--providers.kubernetesGateway.statusAddress.ip=${address}`,
        "--providers.providersThrottleDuration=100ms",
        "--log.level=INFO",
      ],
      environment: { KUBECONFIG: kubeconfig },
      probe: async () => {
        const { status } = await fetch(`http://127.0.0.1:${ping}/ping`);
        if (status !== 200) throw new Error(`ping answers ${status}`);
      },
    });
    return new Traefik(server);
  }

  /** The last of what it printed. */
  get output(): string {
    return this.#server.output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
