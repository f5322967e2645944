import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { TemporaryFolder } from "../temporary-folder.ts";
import { type GoModule, goModule } from "./go-module.ts";
import { goTool } from "./go-tool.ts";
import { kubernetesTool } from "./kubernetes-tools.ts";
import { ServerProcess, freePort } from "./server-process.ts";

/** Kueue's sources. */
export const kueueModule: GoModule = {
  path: "sigs.k8s.io/kueue",
  version: "v0.19.1",
  sum: "h1:5zAYwG/F8z19noTwCIHsTEckttrThAVJvaskWMT6pYg=",
};

/** Path of Kueue's controller; built from source (five minutes) the first time. */
export function kueueController(): string {
  const { version } = kueueModule;
  return goTool({ name: "kueue", package: "./cmd/kueue", version, module: kueueModule });
}

const namespace = "kueue-system";
const service = "kueue-webhook-service";
const secret = "kueue-webhook-server-cert";
/** What its webhooks are kept for here; others are about kinds that the cluster has no quota for. */
const groups: ReadonlySet<string> = new Set(["batch", "kueue.x-k8s.io"]);
/** Of its installation: a process with all rights takes the place of Deployment, roles and the rest. */
const kinds: ReadonlySet<string> = new Set([
  "Namespace",
  "CustomResourceDefinition",
  "MutatingWebhookConfiguration",
  "ValidatingWebhookConfiguration",
]);

/** Kueue with its definitions and its webhooks for Jobs, all of it gone when it is disposed. */
export class Kueue implements AsyncDisposable {
  readonly #server: ServerProcess;
  readonly #kubeconfig: string;
  readonly #folder: TemporaryFolder;

  private constructor(parts: {
    readonly server: ServerProcess;
    readonly kubeconfig: string;
    readonly folder: TemporaryFolder;
  }) {
    this.#server = parts.server;
    this.#kubeconfig = parts.kubeconfig;
    this.#folder = parts.folder;
  }

  /** Resolves when its webhooks answer. */
  static async start(kubeconfig: string): Promise<Kueue> {
    const [webhooks, health] = [await freePort(), await freePort()];
    kubectl(kubeconfig, ["apply", "--server-side", "-f", "-"], installation(webhooks));
    const folder = new TemporaryFolder({});
    try {
      const certificates = folder.file("certificates");
      mkdirSync(certificates);
      const file = folder.file("configuration.yaml");
      writeFileSync(file, configuration({ webhooks, health, certificates }));
      const server = await ServerProcess.start({
        program: kueueController(),
        // Nobody reads while kubectl is waited for: with more to say it would wait for a reader.
        args: [`--config=${file}`, "--zap-log-level=info"],
        environment: { KUBECONFIG: kubeconfig },
        probe: async () => {
          mountSecret(kubeconfig, certificates);
          const { status } = await fetch(`http://127.0.0.1:${health}/readyz`);
          if (status !== 200) throw new Error(`readyz answers ${status}`);
        },
      });
      return new Kueue({ server, kubeconfig, folder });
    } catch (error) {
      remove(kubeconfig);
      folder[Symbol.dispose]();
      throw error;
    }
  }

  /** The last of what it printed. */
  get output(): string {
    return this.#server.output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    remove(this.#kubeconfig);
    await this.#server[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** Without its webhooks first: they would refuse every Job. */
function remove(kubeconfig: string): void {
  for (const kind of ["mutating", "validating"]) {
    const name = `${kind}webhookconfiguration/kueue-${kind}-webhook-configuration`;
    kubectl(kubeconfig, ["delete", name, "--ignore-not-found"]);
  }
  const names = installed()
    .filter(({ kind }) => kind === "CustomResourceDefinition")
    .map(({ metadata }) => metadata.name);
  kubectl(kubeconfig, ["delete", "crd", "--ignore-not-found", "--timeout=60s", ...names]);
  kubectl(kubeconfig, ["delete", "namespace", namespace, "--ignore-not-found", "--wait=false"]);
}

function configuration(options: {
  readonly webhooks: number;
  readonly health: number;
  readonly certificates: string;
}): string {
  const { webhooks, health, certificates } = options;
  return stringify({
    apiVersion: "config.kueue.x-k8s.io/v1beta2",
    kind: "Configuration",
    namespace,
    health: { healthProbeBindAddress: `127.0.0.1:${health}` },
    metrics: { bindAddress: "0" },
    webhook: { host: "127.0.0.1", port: webhooks, certDir: certificates },
    leaderElection: { leaderElect: false },
    internalCertManagement: {
      enable: true,
      webhookServiceName: service,
      webhookSecretName: secret,
    },
    integrations: { frameworks: ["batch/job"] },
    featureGates: { VisibilityOnDemand: false },
  });
}

interface Installed {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly webhooks?: readonly { readonly rules: readonly { readonly apiGroups: string[] }[] }[];
}

/** What Kueue's own kustomization consists of. */
function installed(): readonly Installed[] {
  const folder = join(goModule(kueueModule), "config/default");
  const text = kubectl(undefined, ["kustomize", folder]);
  return parseAllDocuments(text).map((document) => document.toJS() as Installed);
}

/** So much of it as is needed here; its webhooks are reached at a port of this machine. */
function installation(port: number): string {
  const objects = installed()
    .filter(({ kind }) => kinds.has(kind))
    .map((object) =>
      object.webhooks === undefined
        ? object
        : {
            ...object,
            webhooks: object.webhooks.filter(({ rules }) =>
              rules.every(({ apiGroups }) => apiGroups.every((group) => groups.has(group))),
            ),
          },
    );
  const metadata = { name: service, namespace };
  const external = { type: "ExternalName", externalName: "127.0.0.1", ports: [{ port }] };
  const own = [
    { apiVersion: "v1", kind: "Secret", metadata: { name: secret, namespace } },
    { apiVersion: "v1", kind: "Service", metadata, spec: external },
  ];
  return [...objects, ...own]
    .map((object) => JSON.stringify(object, (_key, value: unknown) => atPort(value, port)))
    .join("\n---\n");
}

/** A reference to the webhooks' Service, with the port; anything else as it is. */
function atPort(value: unknown, port: number): unknown {
  const isReference =
    typeof value === "object" &&
    value !== null &&
    "path" in value &&
    "name" in value &&
    value.name === service;
  return isReference ? { ...value, port } : value;
}

/** As the kubelet does for a pod: the files of the Secret, once Kueue has filled it. */
function mountSecret(kubeconfig: string, folder: string): void {
  if (existsSync(join(folder, "tls.crt"))) return;
  const where = ["-n", namespace, "get", "secret", secret, "-o", "json"];
  const { data = {} } = JSON.parse(kubectl(kubeconfig, where)) as {
    data?: Readonly<Record<string, string>>;
  };
  // That which Kueue waits for comes last.
  for (const name of Object.keys(data).toSorted((a) => (a === "tls.crt" ? 1 : -1))) {
    writeFileSync(join(folder, name), Buffer.from(data[name] ?? "", "base64"));
  }
}

function kubectl(kubeconfig: string | undefined, args: readonly string[], input = ""): string {
  const all = kubeconfig === undefined ? args : ["--kubeconfig", kubeconfig, ...args];
  const { status, stdout, stderr } = spawnSync(kubernetesTool("kubectl"), all, {
    input,
    encoding: "utf8",
    maxBuffer: 2 ** 24,
  });
  if (status !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
  return stdout;
}
