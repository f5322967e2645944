import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { helm } from "../servers/helm.ts";
import { kubernetesTool } from "../servers/kubernetes-tools.ts";

/** How other processes reach a cluster. */
export interface ClusterAccess {
  readonly kubeconfig: string;
  /** `address:port` of the registry that its nodes ask for every image. */
  readonly registry: string;
  readonly nodes: readonly { readonly name: string; readonly folder: string }[];
  /** What further nodes plug into. */
  readonly network: { readonly bridge: string; readonly gateway: string };
}

const whorl = fileURLToPath(new URL("../../bin/whorl.js", import.meta.url));
const pollMs = 100;
const establishedMsMax = 60_000;

/** A person at a cluster: kubectl, helm, whorl, and requests to what runs there. */
export class ClusterClient {
  readonly access: ClusterAccess;

  constructor(access: ClusterAccess) {
    this.access = access;
  }

  /** What kubectl prints. Throws with what it complains about. */
  kubectl(...args: readonly string[]): string {
    return this.#run(kubernetesTool("kubectl"), ["--kubeconfig", this.access.kubeconfig, ...args]);
  }

  /** `kubectl apply` of manifests; into a namespace where one is given. */
  apply(text: string, namespace?: string): string {
    const where = namespace === undefined ? [] : ["--namespace", namespace];
    const args = ["--kubeconfig", this.access.kubeconfig, "apply", ...where, "-f", "-"];
    return this.#run(kubernetesTool("kubectl"), args, text);
  }

  /** The same by the API server, for what is larger than the annotation that kubectl would write. */
  applyThere(text: string): string {
    const args = ["--kubeconfig", this.access.kubeconfig, "apply", "--server-side", "-f", "-"];
    return this.#run(kubernetesTool("kubectl"), args, text);
  }

  /** What the API server would do with manifests. */
  dryRun(text: string): string {
    const args = ["--kubeconfig", this.access.kubeconfig, "apply", "--dry-run=server", "-f", "-"];
    return this.#run(kubernetesTool("kubectl"), args, text);
  }

  /** What Helm prints. */
  helm(...args: readonly string[]): string {
    return helm(args, this.access.kubeconfig);
  }

  /** Sends an app of wasm-apps/ to the registry: `app` as `registry.example/whorl/NAME`. */
  pushApp(app: string, name: string): void {
    const folder = fileURLToPath(new URL(`../../wasm-apps/${app}`, import.meta.url));
    const to = `${this.access.registry}/whorl/${name}`;
    this.#run(process.execPath, [whorl, "registry", "push", "-k", "-f", folder, to]);
  }

  /** A fresh namespace, gone with everything in it when it is disposed. */
  namespace(): TestNamespace {
    return new TestNamespace(this, `test-${randomBytes(3).toString("hex")}`);
  }

  /** A value of an object: `field` is kubectl's jsonpath. */
  field(object: string, field: string, namespace?: string): string {
    const where = namespace === undefined ? [] : ["-n", namespace];
    return this.kubectl("get", ...where, object, "-o", `jsonpath=${field}`);
  }

  /**
   * Waits until definitions, by their names, are served. A fresh one has no conditions at all, which
   * `kubectl wait` and filters take for an error.
   */
  async established(...definitions: readonly string[]): Promise<void> {
    const isEstablished = (name: string): boolean => {
      const object = this.kubectl("get", `customresourcedefinition/${name}`, "-o", "json");
      const { status } = JSON.parse(object) as {
        readonly status?: { readonly conditions?: readonly Record<string, unknown>[] | null };
      };
      const found = status?.conditions?.find(({ type }) => type === "Established");
      return found?.["status"] === "True";
    };
    const end = AbortSignal.timeout(establishedMsMax);
    for (const name of definitions) {
      while (!isEstablished(name)) {
        if (end.aborted) throw new Error(`the definition ${name} is not served`);
        await delay(pollMs);
      }
    }
  }

  #run(program: string, args: readonly string[], input = ""): string {
    const options = { input, encoding: "utf8", maxBuffer: outputBytesMax } as const;
    const { status, stdout, stderr, error } = spawnSync(program, args, options);
    if (error !== undefined) throw new Error(`${program} ${args.join(" ")}`, { cause: error });
    if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}${stdout}`);
    return stdout;
  }
}

/** The API server's metrics are above the 1 MiB that a process's output may have by default. */
const outputBytesMax = 64 * 1024 * 1024;

/** What one test has in the cluster. */
export class TestNamespace implements Disposable {
  readonly cluster: ClusterClient;
  readonly name: string;

  constructor(cluster: ClusterClient, name: string) {
    this.cluster = cluster;
    this.name = name;
    cluster.kubectl("create", "namespace", name);
  }

  kubectl(...args: readonly string[]): string {
    return this.cluster.kubectl("-n", this.name, ...args);
  }

  apply(text: string): string {
    return this.cluster.apply(text, this.name);
  }

  field(object: string, field: string): string {
    return this.cluster.field(object, field, this.name);
  }

  /** Waits until an app is ready; what is wrong with it where it does not become so. */
  ready(app: string, condition = "Ready", timeoutS = 60): void {
    const object = app.includes("/") ? app : `spinapp/${app}`;
    try {
      this.kubectl("wait", `--for=condition=${condition}`, `--timeout=${timeoutS}s`, object);
    } catch (error) {
      const found = this.kubectl("get", object, "-o", "yaml");
      const pods = this.kubectl("describe", "pods");
      throw new Error(`${object} is not ${condition}:\n${found}\n${pods}`, { cause: error });
    }
  }

  /** Address of a Service. */
  service(name: string): string {
    return this.field(`service/${name}`, "{.spec.clusterIP}");
  }

  /** Body of an answer with status 200; tries again until there is one. */
  async fetch(url: string, timeoutMs = 20_000): Promise<string> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
        const text = await response.text();
        if (response.ok) return text;
        throw new Error(`${url}: ${response.status} ${text}`);
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await delay(pollMs);
      }
    }
  }

  [Symbol.dispose](): void {
    this.cluster.kubectl("delete", "namespace", this.name, "--wait=false");
  }
}
