import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { TemporaryFolder } from "../temporary-folder.ts";
import { makeCertificate } from "./certificate.ts";
import { connects } from "./connects.ts";
import { type GoModule, goModule } from "./go-module.ts";
import { goTool } from "./go-tool.ts";
import { ServerProcess, freePort } from "./server-process.ts";

/** KEDA's sources. */
export const kedaModule: GoModule = {
  path: "github.com/kedacore/keda/v2",
  version: "v2.21.0",
  sum: "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
};

/** Path of one of KEDA's programs; built from source (ten minutes for the first) the first time. */
export function kedaProgram(name: "operator" | "adapter"): string {
  const { version } = kedaModule;
  const what = { name, package: `./cmd/${name}`, version: `keda-${version}` };
  return goTool({ ...what, module: kedaModule });
}

/** KEDA's definitions, from the module that its programs are built from. */
export function kedaCrds(): readonly string[] {
  const folder = join(goModule(kedaModule), "config/crd/bases");
  return readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
}

/**
 * KEDA against an API server that has its definitions: the operator, and the API of external metrics
 * that autoscalers ask, which listens on {@link metricsPort} of 127.0.0.1.
 */
export class Keda implements AsyncDisposable {
  readonly metricsPort: number;
  readonly #operator: ServerProcess;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: { readonly operator: ServerProcess; readonly metricsPort: number },
    stack: AsyncDisposableStack,
  ) {
    this.#operator = parts.operator;
    this.metricsPort = parts.metricsPort;
    this.#stack = stack;
  }

  static async start(kubeconfig: string): Promise<Keda> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(new TemporaryFolder({}));
    const certificate = makeCertificate(folder.path);
    // As the Secret of an installation is mounted.
    const files = new TemporaryFolder({
      "ca.crt": readFileSync(certificate.caFile),
      "tls.crt": readFileSync(certificate.certFile),
      "tls.key": readFileSync(certificate.keyFile),
      "apiserver.crt": readFileSync(certificate.certFile),
      "apiserver.key": readFileSync(certificate.keyFile),
    });
    stack.use(files);
    const environment = {
      ...{ KUBECONFIG: kubeconfig, WATCH_NAMESPACE: "", POD_NAMESPACE: "keda" },
      KEDA_CLUSTER_OBJECT_NAMESPACE: "keda",
    };
    const grpc = await freePort();
    const operator = stack.use(await startOperator({ grpc, folder: files.path, environment }));
    const metricsPort = await freePort();
    stack.use(
      await ServerProcess.start({
        program: kedaProgram("adapter"),
        args: [
          `--secure-port=${metricsPort}`,
          "--bind-address=127.0.0.1",
          `--port=${await freePort()}`,
          `--cert-dir=${files.path}`,
          `--metrics-service-address=localhost:${grpc}`,
          // The API server of a test has no certificate to say who asks.
          "--authentication-skip-lookup=true",
          ...["lister", "authentication", "authorization"].map(
            (what) => `--${what}-kubeconfig=${kubeconfig}`,
          ),
        ],
        environment,
        probe: () => connects(metricsPort),
      }),
    );
    return new Keda({ operator, metricsPort }, stack.move());
  }

  /** The last of what the operator printed. */
  get output(): string {
    return this.#operator.output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

async function startOperator(options: {
  readonly grpc: number;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}): Promise<ServerProcess> {
  const { grpc, folder, environment } = options;
  const [health, metrics] = [await freePort(), await freePort()];
  return await ServerProcess.start({
    program: kedaProgram("operator"),
    args: [
      `--health-probe-bind-address=127.0.0.1:${health}`,
      `--metrics-bind-address=127.0.0.1:${metrics}`,
      `--metrics-service-bind-address=127.0.0.1:${grpc}`,
      `--cert-dir=${folder}`,
      "--zap-log-level=info",
    ],
    environment,
    probe: async () => {
      const { status } = await fetch(`http://127.0.0.1:${health}/readyz`);
      if (status !== 200) throw new Error(`readyz answers ${status}`);
    },
  });
}
