import { readFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { crdFiles } from "../../operator/api/generate-crds.ts";
import { KubeClient } from "../../operator/kube/client.ts";
import { KubeConfigTransport } from "../../operator/kube/kube-config-transport.ts";
import { isKubeError } from "../../operator/kube/kube-error.ts";
import { resourceType } from "../../operator/kube/resource.ts";
import type { ResourceType } from "../../operator/kube/resource.ts";
import {
  childTypes,
  secrets,
  spinAppExecutors,
  spinApps,
} from "../../operator/reconcile/resources.ts";
import { KubeApiServer, type KubeApiServerOptions } from "../servers/kube-apiserver.ts";

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

/** Longer than anything takes on a machine with other work. */
const waitMs = 60_000;

/** Kinds by the names that kubectl takes. */
const types: Readonly<Record<string, ResourceType>> = Object.fromEntries(
  [...Object.values(childTypes), secrets, spinApps, spinAppExecutors].flatMap((type) =>
    [type.kind, type.kind.toLowerCase()].map((name) => [name, type] as const),
  ),
);

function typeNamed(name: string): ResourceType {
  const short = { hpa: "HorizontalPodAutoscaler", pdb: "PodDisruptionBudget" }[name] ?? name;
  const type = types[short];
  if (type === undefined) throw new Error(`no kind is called ${name}`);
  return type;
}

/** A real API server with the CRDs, and a namespace for each test. */
export class TestCluster implements AsyncDisposable {
  readonly server: KubeApiServer;
  readonly client: KubeClient;
  readonly #transport: KubeConfigTransport;

  private constructor(server: KubeApiServer) {
    this.server = server;
    this.#transport = new KubeConfigTransport(server.kubeConfig());
    this.client = new KubeClient({ transport: this.#transport, userAgent: "test" });
  }

  static async start(options?: KubeApiServerOptions): Promise<TestCluster> {
    const cluster = new TestCluster(await KubeApiServer.start(options));
    try {
      await cluster.installCrds();
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** Installs the CRDs and waits until they are served. */
  async installCrds(texts: readonly string[] = Object.values(crdFiles())): Promise<void> {
    for (const text of texts) {
      this.server.kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], text);
    }
    const names = ["spinapps", "spinappexecutors"].map((plural) => `${plural}.core.spinkube.dev`);
    await this.established(names);
  }

  /** Waits until definitions are served. */
  async established(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await poll(`${name} is not served`, async () => {
        const { status } = (await this.client.get(definitions, { name })) as Partial<Definition>;
        return status?.conditions?.some(
          (condition) => condition.type === "Established" && condition.status === "True",
        );
      });
    }
  }

  /** A fresh namespace. */
  namespace(): string {
    const name = `test-${randomBytes(4).toString("hex")}`;
    this.server.kubectl(["create", "namespace", name]);
    return name;
  }

  /** A namespace that several tests use. */
  ensureNamespace(name: string): void {
    const text = `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}}}`;
    this.server.kubectl(["apply", "-f", "-"], text);
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
    let live: Live | undefined;
    await poll(
      () => `${object} is not as wanted: ${JSON.stringify(live, undefined, 1)}`,
      async () => {
        live = await this.#read(namespace, object);
        return live !== undefined && isWanted(live);
      },
    );
    if (live === undefined) throw new Error(`${object} is not there`);
    return live;
  }

  /** Waits until the object is gone. */
  async gone(namespace: string, object: string): Promise<void> {
    await poll(
      `${object} is still there`,
      async () => (await this.#read(namespace, object)) === undefined,
    );
  }

  /** As {@link get}, without a process for each look. */
  async #read(namespace: string, object: string): Promise<Live | undefined> {
    const [kind = "", name = ""] = object.split("/");
    try {
      return (await this.client.get(typeNamed(kind), { namespace, name })) as unknown as Live;
    } catch (error) {
      // While the API server is away, nothing is known.
      if (isKubeError(error, "NotFound", "Unreachable")) return undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

const pollMs = 50;

interface Definition {
  readonly status?: { readonly conditions?: readonly { type: string; status: string }[] };
}

const definitions = resourceType({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  namespaced: false,
});

/** Looks until it is so. Throws `complaint` when that takes too long. */
export async function poll(
  complaint: string | (() => string),
  isSo: () => Promise<boolean | undefined> | boolean | undefined,
): Promise<void> {
  const deadline = performance.now() + waitMs;
  while ((await isSo()) !== true) {
    if (performance.now() > deadline) {
      throw new Error(typeof complaint === "string" ? complaint : complaint());
    }
    await delay(pollMs);
  }
}

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
