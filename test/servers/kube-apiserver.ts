import { spawnSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import { TemporaryFolder } from "../temporary-folder.ts";
import { Etcd, etcdObstacle } from "./etcd.ts";
import { kubernetesObstacle, kubernetesTool } from "./kubernetes-tools.ts";
import { ServerProcess, freePort } from "./server-process.ts";

/** Why the API server cannot be had here, undefined where it can. */
export function kubeApiServerObstacle(): string | undefined {
  return etcdObstacle() ?? kubernetesObstacle();
}

export interface KubeApiServerOptions {
  /** Added to the flags, such as `--watch-cache=false`. */
  readonly args?: readonly string[];
  /** Path of the etcd to use; see currentEtcd. */
  readonly etcd?: string;
  /**
   * Address of this machine that pods reach, for a cluster with a controller manager: pods get
   * tokens then. Loopback only, and no tokens, where not given.
   */
  readonly address?: string;
}

/** A Kubernetes API server with its own etcd; RBAC is on, `token` may do everything. */
export class KubeApiServer implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly token: string;
  /** A token whose user (`nobody`) has no rights beyond those of every authenticated one. */
  readonly weakToken: string;
  readonly etcd: Etcd;
  readonly #folder: TemporaryFolder;
  readonly #args: readonly string[];
  readonly #address: string | undefined;
  #server: ServerProcess | undefined;

  private constructor(parts: {
    address: string | undefined;
    port: number;
    tokens: readonly [string, string];
    etcd: Etcd;
    folder: TemporaryFolder;
    args: readonly string[];
  }) {
    this.port = parts.port;
    this.#address = parts.address;
    this.url = `https://${parts.address ?? "127.0.0.1"}:${parts.port}`;
    [this.token, this.weakToken] = parts.tokens;
    this.etcd = parts.etcd;
    this.#folder = parts.folder;
    this.#args = parts.args;
  }

  /** Resolves when it is ready: about five seconds, and minutes where it has to be built first. */
  static async start(options: KubeApiServerOptions = {}): Promise<KubeApiServer> {
    const tokens = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")] as const;
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const folder = new TemporaryFolder({
      "service-account.key": String(privateKey.export({ type: "pkcs1", format: "pem" })),
      "tokens.csv": `${tokens[0]},admin,1,"system:masters"\n${tokens[1]},nobody,2\n`,
    });
    const etcd = await Etcd.start(options.etcd);
    const { args = [], address } = options;
    const port = await freePort();
    const server = new KubeApiServer({ address, port, tokens, etcd, folder, args });
    try {
      await server.restart();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    writeFileSync(server.kubeconfigFile, server.kubeConfig().exportConfig());
    return server;
  }

  /** Certificate that clients have to trust (PEM). */
  get ca(): string {
    return readFileSync(this.caFile, "utf8");
  }

  /** The file of {@link ca}. */
  get caFile(): string {
    return this.#folder.file("certificates/apiserver.crt");
  }

  /** File with the private key of service accounts, for the controller manager. */
  get serviceAccountKeyFile(): string {
    return this.#folder.file("service-account.key");
  }

  /** For programs that are given a kubeconfig. */
  get kubeconfigFile(): string {
    return this.#folder.file("kubeconfig");
  }

  /** Of the administrator where no token is given; `url` and `proxyUrl` reach it through a proxy. */
  kubeConfig({
    token = this.token,
    url = this.url,
    proxyUrl,
  }: { token?: string; url?: string; proxyUrl?: string } = {}): KubeConfig {
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      {
        name: "test",
        server: url,
        caData: Buffer.from(this.ca).toString("base64"),
        skipTLSVerify: false,
        ...(proxyUrl !== undefined && { proxyUrl }),
      },
      { name: "test", token },
    );
    return config;
  }

  /** What kubectl prints on stdout. Throws with what it complains about. */
  kubectl(args: readonly string[], input = ""): string {
    const program = kubernetesTool("kubectl");
    const all = ["--kubeconfig", this.kubeconfigFile, ...args];
    const { status, stdout, stderr } = spawnSync(program, all, { input, encoding: "utf8" });
    if (status !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}${stdout}`);
    return stdout;
  }

  /** Ends it at once, as a crash would; etcd goes on. */
  async kill(): Promise<void> {
    await this.#server?.kill();
    this.#server = undefined;
  }

  /** Starts it on the same port with the same data, after {@link kill}. */
  async restart(): Promise<void> {
    await this.kill();
    this.#server = await ServerProcess.start({
      program: kubernetesTool("kube-apiserver"),
      args: this.#flags(),
      probe: async () => await this.#ready(),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Its graceful end waits for watches; nothing here is worth that.
    await this.kill();
    await this.etcd[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }

  #flags(): string[] {
    return [
      `--secure-port=${this.port}`,
      `--bind-address=${this.#address ?? "127.0.0.1"}`,
      `--cert-dir=${this.#folder.file("certificates")}`,
      `--etcd-servers=${this.etcd.url}`,
      `--service-account-key-file=${this.serviceAccountKeyFile}`,
      `--service-account-signing-key-file=${this.serviceAccountKeyFile}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      "--service-cluster-ip-range=10.96.0.0/16",
      `--token-auth-file=${this.#folder.file("tokens.csv")}`,
      "--authorization-mode=RBAC,Node",
      "--allow-privileged=true",
      // Without a controller manager nobody would make the service account that this waits for.
      ...(this.#address === undefined ? ["--disable-admission-plugins=ServiceAccount"] : []),
      ...this.#args,
    ];
  }

  #ready(): Promise<void> {
    const agent = new Agent({ rejectUnauthorized: false, keepAlive: false });
    const headers = { authorization: `Bearer ${this.token}` };
    return new Promise((resolve, reject) => {
      const sent = request(`${this.url}/readyz`, { agent, headers, timeout: 2000 }, (answer) => {
        answer.resume();
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`readyz answers ${answer.statusCode}`));
      });
      sent.on("timeout", () => sent.destroy(new Error("readyz does not answer")));
      sent.on("error", reject);
      sent.end();
    });
  }
}
