import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { KubeClient } from "../../operator/kube/client.ts";
import { KubeConfigTransport } from "../../operator/kube/kube-config-transport.ts";
import type { KubeObject } from "../../operator/kube/object.ts";
import { resourceType } from "../../operator/kube/resource.ts";
import { buildShim } from "../../shim/build-shim.ts";
import { installLayout } from "../../shim/install-layout.ts";
import { ClusterDns } from "../servers/cluster-dns.ts";
import { goTool } from "../servers/go-tool.ts";
import { currentEtcd } from "../servers/etcd.ts";
import { KubeApiServer } from "../servers/kube-apiserver.ts";
import { KubeControllerManager } from "../servers/kube-controller-manager.ts";
import { KubeScheduler } from "../servers/kube-scheduler.ts";
import { kubernetesTool } from "../servers/kubernetes-tools.ts";
import { containerdReleases } from "../servers/containerd-configuration.ts";
import { type DockerRegistry, startDockerRegistry } from "../servers/docker-registry.ts";
import { findLeftovers, sharedState } from "../servers/leftovers.ts";
import { NodeMachine } from "../servers/node-machine.ts";
import { type NodePrograms, pauseImage } from "../servers/node-files.ts";
import { type ImageContent, writeImageArchive } from "../servers/oci-archive.ts";
import { testImages } from "../servers/test-images.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import type { ClusterAccess } from "./cluster-client.ts";
import { ClusterNetwork } from "./cluster-network.ts";

export interface LocalClusterOptions {
  /** One where not given. */
  readonly nodes?: number;
  /** Runtime handlers that containerd knows from the start; none where an agent installs them. */
  readonly handlers?: readonly string[];
  readonly taints?: readonly { readonly key: string; readonly effect: string }[];
  /** Requests a second that each of Kubernetes' controllers may make; its default where not given. */
  readonly controllersQps?: number;
}

/**
 * A Kubernetes cluster on this machine: control plane, registry, and nodes in namespaces of their
 * own. Nothing of it is left when it is disposed.
 */
export class LocalCluster implements AsyncDisposable {
  readonly server: KubeApiServer;
  readonly registry: DockerRegistry;
  readonly nodes: readonly NodeMachine[];
  readonly #network: ClusterAccess["network"];
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: Pick<LocalCluster, "server" | "registry" | "nodes"> & Pick<ClusterAccess, "network">,
    stack: AsyncDisposableStack,
  ) {
    this.#network = parts.network;
    this.server = parts.server;
    this.registry = parts.registry;
    this.nodes = parts.nodes;
    this.#stack = stack;
  }

  /** Resolves when all nodes are ready: about twenty seconds. */
  static async start(options: LocalClusterOptions = {}): Promise<LocalCluster> {
    const { nodes: count = 1, handlers = ["whorl", "spin"], taints = [] } = options;
    const stack = new AsyncDisposableStack();
    try {
      const shims = handlers.length === 0 ? [] : [await shimFolder(stack)];
      const network = stack.use(new ClusterNetwork(count));
      network.open();
      const parts = await startControlPlane(network, stack, options);
      const common = {
        programs: nodePrograms(shims),
        registry: parts.registry.host,
        kubeconfig: parts.server.kubeConfig().exportConfig(),
        handlers,
        taints,
        bridge: network.bridge,
      };
      const nodes: NodeMachine[] = [];
      for (const place of network.places) {
        nodes.push(stack.use(await NodeMachine.start({ ...common, place })));
      }
      const { bridge, gateway } = network;
      const cluster = new LocalCluster({ ...parts, nodes, network: { bridge, gateway } }, stack);
      await cluster.#settle();
      return cluster;
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  /** How other processes reach it. */
  get access(): ClusterAccess {
    const nodes = this.nodes.map(({ name, folder }) => ({ name, folder }));
    const { kubeconfigFile: kubeconfig } = this.server;
    return { kubeconfig, registry: this.registry.host, nodes, network: this.#network };
  }

  /** What kubectl prints. Throws with what it complains about. */
  kubectl(...args: readonly string[]): string {
    return this.server.kubectl(args);
  }

  /** `kubectl apply` of manifests. */
  apply(text: string, ...args: readonly string[]): string {
    return this.server.kubectl(["apply", ...args, "-f", "-"], text);
  }

  /** Puts images into the registry: nodes find them by their whole names. */
  async pushImages(images: readonly ImageContent[]): Promise<void> {
    using folder = new TemporaryFolder({});
    for (const image of images) {
      const archive = folder.file("image.tar");
      await writeImageArchive(archive, image);
      this.pushArchive(archive, image.name);
      rmSync(archive);
    }
  }

  /** Puts an OCI archive into the registry under a name. */
  pushArchive(archive: string, name: string): void {
    const [, path] = /^[^/]+\/(.+)$/.exec(name) ?? [];
    const target = `docker://${this.registry.host}/${path}`;
    const args = [
      "copy",
      "--quiet",
      "--all",
      "--dest-tls-verify=false",
      `oci-archive:${archive}`,
      target,
    ];
    const { status, stderr } = spawnSync("skopeo", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`skopeo: ${stderr}`);
  }

  /** What of it is still on this machine: nothing, once it is disposed. */
  leftovers(): readonly string[] {
    const before = sharedState();
    const marks = this.nodes.map(({ folder, cgroup: name }) => ({ folder, name, before }));
    const network = { folder: this.server.kubeconfigFile, name: this.#network.bridge, before };
    // Nodes have a /run of their own: what is in this machine's is somebody else's.
    return [...marks, network]
      .flatMap((each) => findLeftovers(each))
      .filter((line) => !line.startsWith("/run/"));
  }

  async #settle(): Promise<void> {
    await this.pushImages(clusterImages());
    try {
      const names = this.nodes.map(({ name }) => `node/${name}`);
      this.kubectl("wait", "--for=create", "--timeout=60s", ...names);
      this.kubectl("wait", "--for=condition=Ready", "--timeout=60s", ...names);
    } catch (error) {
      const logs = this.nodes.map((node) => node.logs()).join("\n");
      throw new Error(`the nodes do not become ready:\n${logs}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

interface Service extends KubeObject {
  readonly spec: { readonly clusterIP?: string };
}

const services = resourceType<Service>({ apiVersion: "v1", kind: "Service", plural: "services" });

async function startControlPlane(
  network: ClusterNetwork,
  stack: AsyncDisposableStack,
  { controllersQps }: LocalClusterOptions,
): Promise<{ server: KubeApiServer; registry: DockerRegistry }> {
  const { gateway: address } = network;
  const args = [
    `--service-cluster-ip-range=${network.services}`,
    "--kubelet-preferred-address-types=InternalIP",
  ];
  const registry = stack.use(await startDockerRegistry({ address }));
  const server = stack.use(await KubeApiServer.start({ address, args, etcd: currentEtcd() }));
  const client = new KubeClient({
    transport: stack.use(new KubeConfigTransport(server.kubeConfig())),
    userAgent: "dns",
  });
  const find = async (name: string, namespace: string): Promise<string | undefined> => {
    const found = await client.list(services, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
    });
    return found.items[0]?.spec.clusterIP;
  };
  stack.use(await ClusterDns.start(address, find));
  stack.use(await KubeControllerManager.start(server, { qps: controllersQps }));
  stack.use(await KubeScheduler.start(server));
  return { server, registry };
}

/** The tree that is installed on nodes, made of the sources as they are now; where its shims are. */
async function shimFolder(stack: AsyncDisposableStack): Promise<string> {
  const folder = stack.use(new TemporaryFolder({}));
  await buildShim(folder.file("tree"));
  return folder.file(`tree/${dirname(installLayout.shim)}`);
}

/** What runs on nodes; containerd looks for shims in these folders first. */
export function nodePrograms(shims: readonly string[]): NodePrograms {
  const { version, module } = containerdReleases["2.4"];
  const [containerd = "", ...others] = ["containerd", "containerd-shim-runc-v2", "ctr"].map(
    (name) => goTool({ name, package: `${module}/cmd/${name}`, version }),
  );
  return {
    containerd,
    kubelet: kubernetesTool("kubelet"),
    kubeProxy: kubernetesTool("kube-proxy"),
    path: [
      ...shims,
      ...others.map((path) => dirname(path)),
      "/usr/sbin",
      "/usr/bin",
      "/sbin",
      "/bin",
    ],
    environment: {},
  };
}

/** Those of the tests, by names that lead to the registry. */
function clusterImages(): readonly ImageContent[] {
  return testImages().map((image) => ({
    ...image,
    name: image.name.replace(/^[^/]+/, dirname(pauseImage)),
  }));
}
