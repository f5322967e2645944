import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { crdFiles } from "../../operator/api/generate-crds.ts";
import { KubeApiServer } from "../servers/kube-apiserver.ts";

/** A live object as JSON, for looking at. */
export interface Live {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly ownerReferences?: readonly object[];
    readonly managedFields?: readonly object[];
  };
  readonly spec: LiveSpec;
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
    readonly [field: string]: unknown;
  };
  readonly data?: Readonly<Record<string, string>>;
}

interface LiveSpec {
  readonly replicas?: number;
  readonly template: {
    readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
    readonly spec: {
      readonly runtimeClassName?: string;
      readonly containers: readonly { readonly image: string; readonly args?: readonly string[] }[];
      readonly volumes: readonly {
        readonly name: string;
        readonly secret?: { readonly secretName: string };
      }[];
    };
  };
  readonly [field: string]: unknown;
}

const waitMs = 20_000;

/** A real API server with the CRDs, and a namespace for each test. */
export class TestCluster implements AsyncDisposable {
  readonly server: KubeApiServer;
  #namespaces = 0;

  private constructor(server: KubeApiServer) {
    this.server = server;
  }

  static async start(): Promise<TestCluster> {
    const cluster = new TestCluster(await KubeApiServer.start());
    cluster.installCrds();
    return cluster;
  }

  /** Installs the CRDs and waits until they are served. */
  installCrds(texts: readonly string[] = Object.values(crdFiles())): void {
    for (const text of texts) {
      this.server.kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], text);
    }
    const names = ["crd/spinapps.core.spinkube.dev", "crd/spinappexecutors.core.spinkube.dev"];
    this.server.kubectl(["wait", "--for=condition=Established", "--timeout=20s", ...names]);
  }

  /** A fresh namespace. */
  namespace(): string {
    this.#namespaces += 1;
    const name = `test-${this.#namespaces}`;
    this.server.kubectl(["create", "namespace", name]);
    return name;
  }

  /** `kubectl apply` as a person does it; returns what it complains about. */
  apply(namespace: string, text: string): string {
    try {
      this.server.kubectl(["apply", "-n", namespace, "-f", "-"], text);
      return "";
    } catch (error) {
      return String(error);
    }
  }

  /** The object, or undefined. */
  get(namespace: string, object: string): Live | undefined {
    const args = ["get", "-n", namespace, object, "-o", "json", "--show-managed-fields"];
    const text = this.server.kubectl([...args, "--ignore-not-found"]);
    return text === "" ? undefined : (JSON.parse(text) as Live);
  }

  /** Names of the objects of a kind. */
  names(namespace: string, kind: string): readonly string[] {
    return this.server
      .kubectl(["get", "-n", namespace, kind, "-o", "name"])
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.slice(line.indexOf("/") + 1));
  }

  /** The object once it is as wanted. Throws with how it is when that takes too long. */
  async until(
    namespace: string,
    object: string,
    isWanted: (live: Live) => boolean = () => true,
  ): Promise<Live> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const live = this.get(namespace, object);
      if (live !== undefined && isWanted(live)) return live;
      if (performance.now() > deadline) {
        throw new Error(`${object} is not as wanted: ${JSON.stringify(live, undefined, 1)}`);
      }
      await delay(pollMs);
    }
  }

  /** Waits until the object is gone. */
  async gone(namespace: string, object: string): Promise<void> {
    const deadline = performance.now() + waitMs;
    while (this.get(namespace, object) !== undefined) {
      if (performance.now() > deadline) throw new Error(`${object} is still there`);
      await delay(pollMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

const pollMs = 100;

/** A golden file by its name. */
export function golden(file: string): string {
  return readFileSync(new URL(`../../operator/golden/apps/${file}`, import.meta.url), "utf8");
}

/** A SpinApp as people write it; `spec` is YAML in flow style. */
export function spinApp(name: string, spec = ""): string {
  const more = spec === "" ? "" : `, ${spec}`;
  return `{apiVersion: core.spinkube.dev/v1alpha1, kind: SpinApp, metadata: {name: ${name}}, spec: {image: "registry.example/hello:1", executor: containerd-shim-spin, replicas: 1${more}}}`;
}

/** Reason of the Ready condition. */
export function readyReason({ status }: Live): string | undefined {
  return status?.conditions?.find(({ type }) => type === "Ready")?.reason;
}
