/** Where a node is in the network of its cluster. */
export interface NodePlace {
  readonly name: string;
  /** Address of the node itself. */
  readonly address: string;
  /** Address of the machine that runs the control plane. */
  readonly gateway: string;
  /** Addresses of its pods. */
  readonly pods: string;
  /** Pods of the other nodes: their networks, each with the node's address. */
  readonly routes: readonly { readonly pods: string; readonly via: string }[];
}

/** What runs on a node. */
export interface NodePrograms {
  readonly containerd: string;
  readonly kubelet: string;
  readonly kubeProxy: string;
  /** Folders in which containerd looks for shims and runc. */
  readonly path: readonly string[];
  /** Added to containerd's environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface NodeFilesOptions {
  readonly place: NodePlace;
  readonly programs: NodePrograms;
  /** Registry that answers for every image name. */
  readonly registry: string;
  /** Content of a kubeconfig. */
  readonly kubeconfig: string;
  /** Handlers that containerd knows from the start; none where an agent is to add them. */
  readonly handlers: readonly string[];
  /** Parent of all cgroups of the node's pods. */
  readonly cgroupRoot: string;
  readonly taints?: readonly { readonly key: string; readonly effect: string }[];
}

export const pauseImage = "whorl.test/pause:1";

const runtimeTypes: Readonly<Record<string, string>> = {
  whorl: "io.containerd.whorl.v1",
  spin: "io.containerd.spin.v2",
};

/** The files of a node that its programs read, by their absolute paths. */
export function nodeFiles(options: NodeFilesOptions): Readonly<Record<string, string>> {
  const { place, programs } = options;
  const containerd = [
    `PATH=${programs.path.join(":")}`,
    ...Object.entries(programs.environment).map(([name, value]) => `${name}=${value}`),
    programs.containerd,
  ];
  const kubelet = [
    programs.kubelet,
    "--config=/etc/kubernetes/kubelet.yaml",
    "--kubeconfig=/etc/kubernetes/kubeconfig",
    `--hostname-override=${place.name}`,
    `--node-ip=${place.address}`,
  ];
  const proxy = [
    programs.kubeProxy,
    "--kubeconfig=/etc/kubernetes/kubeconfig",
    "--proxy-mode=iptables",
    `--hostname-override=${place.name}`,
    // Calls from the control plane's machine go back the way they came.
    "--masquerade-all",
    "--conntrack-max-per-core=0",
    "--conntrack-tcp-timeout-established=0s",
    "--conntrack-tcp-timeout-close-wait=0s",
  ];
  return {
    "/etc/inittab": ["containerd", "kubelet", "kube-proxy"]
      .map((name) => `::respawn:/etc/node/${name}\n`)
      .join(""),
    "/etc/node/containerd": service(containerd, "containerd"),
    "/etc/node/kubelet": service(kubelet, "kubelet"),
    "/etc/node/kube-proxy": service(proxy, "kube-proxy"),
    "/etc/node/network": networkScript(place),
    "/etc/containerd/config.toml": containerdConfiguration(options.handlers),
    "/etc/containerd/certs.d/_default/hosts.toml": `server = "http://${options.registry}"\n[host."http://${options.registry}"]\ncapabilities = ["pull", "resolve"]\n`,
    "/etc/cni/net.d/10-bridge.conflist": cniConfiguration(place),
    "/etc/kubernetes/kubelet.yaml": kubeletConfiguration(options),
    "/etc/kubernetes/kubeconfig": options.kubeconfig,
    "/etc/resolv.conf": `nameserver ${place.gateway}\n`,
    "/etc/hostname": `${place.name}\n`,
  };
}

/** Started by init, again whenever it ends. */
function service(command: readonly string[], name: string): string {
  return `#!/bin/sh
echo $$ >/run/${name}.pid
exec env ${command.join(" ")} >>/var/log/${name}.log 2>&1
`;
}

/** Waits for the cable that the machine outside plugs in. */
function networkScript({ address, gateway, routes }: NodePlace): string {
  const lines = [
    "#!/bin/sh",
    "set -e",
    "ip link set lo up",
    "until ip link set eth0 up 2>/dev/null; do sleep 0.05; done",
    `ip addr add ${address}/24 dev eth0`,
    `ip route add default via ${gateway}`,
    ...routes.map(({ pods, via }) => `ip route add ${pods} via ${via}`),
    "echo 1 >/proc/sys/net/ipv4/ip_forward",
  ];
  return `${lines.join("\n")}\n`;
}

function containerdConfiguration(handlers: readonly string[]): string {
  const runtime = "plugins.'io.containerd.cri.v1.runtime'";
  return `version = 3
imports = ["/etc/containerd/conf.d/*.toml"]
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp"]
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "${pauseImage}"
[plugins.'io.containerd.cri.v1.images'.registry]
config_path = "/etc/containerd/certs.d"
[${runtime}]
restrict_oom_score_adj = true
disable_apparmor = true
[${runtime}.containerd]
default_runtime_name = "runc"
[${runtime}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
${handlers.map((name) => handlerConfiguration(runtime, name)).join("")}`;
}

function handlerConfiguration(runtime: string, name: string): string {
  return `[${runtime}.containerd.runtimes.${name}]
runtime_type = "${runtimeTypes[name] ?? runtimeTypes["whorl"]}"
pod_annotations = ["io.whorl.*", "whorl.dev/*"]
container_annotations = ["io.whorl.*", "whorl.dev/*"]
`;
}

function cniConfiguration({ pods }: NodePlace): string {
  const plugin = {
    type: "bridge",
    bridge: "cni0",
    isGateway: true,
    ipMasq: false,
    hairpinMode: true,
    ipam: {
      type: "host-local",
      ranges: [[{ subnet: pods }]],
      routes: [{ dst: "0.0.0.0/0" }],
    },
  };
  const ports = { type: "portmap", capabilities: { portMappings: true } };
  return JSON.stringify({ cniVersion: "1.0.0", name: "pods", plugins: [plugin, ports] });
}

/** JSON, which is YAML too. */
function kubeletConfiguration({ place, cgroupRoot, taints = [] }: NodeFilesOptions): string {
  return JSON.stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    clusterDNS: [place.gateway],
    clusterDomain: "cluster.local",
    cgroupDriver: "cgroupfs",
    cgroupRoot,
    cgroupsPerQOS: true,
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    makeIPTablesUtilChains: false,
    // Containers here may not lower their OOM score.
    oomScoreAdj: 0,
    maxPods: 250,
    evictionHard: {},
    serializeImagePulls: false,
    nodeStatusUpdateFrequency: "2s",
    registerWithTaints: taints,
  });
}
