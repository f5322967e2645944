/** How a node came to have containerd; decides where its configuration is and how it is restarted. */
export const distributionNames = ["plain", "k3s", "rke2", "k0s", "microk8s"] as const;

export type DistributionName = (typeof distributionNames)[number];

/** How containerd's configuration may be extended. */
export type ConfigurationStyle =
  /** config.toml itself, or a folder that it imports. */
  | { readonly kind: "file"; readonly path: string }
  /** A file with placeholders that config.toml is made of. */
  | { readonly kind: "template"; readonly path: string }
  /** config.toml is generated from a template; `folder` holds both. */
  | { readonly kind: "rancher"; readonly folder: string }
  /** Every file of a folder is merged in, whatever containerd's version. */
  | { readonly kind: "folder"; readonly path: string; readonly generated: string };

/** Paths are the node's own. */
export interface Distribution {
  readonly name: DistributionName;
  readonly socket: string;
  readonly style: ConfigurationStyle;
  /** Units of systemd that containerd belongs to; the first one that is loaded is restarted. */
  readonly units: readonly string[];
}

const rancher = (name: "k3s" | "rke2", units: readonly string[]): Distribution => ({
  name,
  socket: "/run/k3s/containerd/containerd.sock",
  style: { kind: "rancher", folder: `/var/lib/rancher/${name}/agent/etc/containerd` },
  units,
});

/** In the order in which they are looked for: a plain configuration may lie about beside others. */
export const distributions: readonly Distribution[] = [
  {
    name: "microk8s",
    socket: "/var/snap/microk8s/common/run/containerd.sock",
    style: { kind: "template", path: "/var/snap/microk8s/current/args/containerd-template.toml" },
    units: ["snap.microk8s.daemon-containerd.service"],
  },
  rancher("rke2", ["rke2-agent.service", "rke2-server.service"]),
  rancher("k3s", ["k3s-agent.service", "k3s.service"]),
  {
    name: "k0s",
    socket: "/run/k0s/containerd.sock",
    style: {
      kind: "folder",
      path: "/etc/k0s/containerd.d",
      generated: "/etc/k0s/containerd.toml",
    },
    units: ["k0sworker.service", "k0scontroller.service"],
  },
  {
    name: "plain",
    socket: "/run/containerd/containerd.sock",
    style: { kind: "file", path: "/etc/containerd/config.toml" },
    units: ["containerd.service"],
  },
];

/** The file that shows that a distribution is on a node. */
export function markerOf({ style }: Distribution): string {
  if (style.kind === "rancher") return `${style.folder}/config.toml`;
  return style.kind === "folder" ? style.generated : style.path;
}

/**
 * The distribution of a node, by what `exists` there. Plain where nothing is found, as containerd
 * needs no configuration file.
 */
export function detectDistribution(exists: (path: string) => boolean): Distribution {
  const found = distributions.find((each) => exists(markerOf(each)) && exists(each.socket));
  return found ?? distributions.find((each) => exists(markerOf(each))) ?? plain();
}

/** The one of this name. */
export function distributionNamed(name: DistributionName): Distribution {
  return distributions.find((each) => each.name === name) ?? plain();
}

function plain(): Distribution {
  const last = distributions.at(-1);
  if (last === undefined) throw new Error("there are no distributions");
  return last;
}

/** Systems whose containerd only their own machine configuration can change, by ID of os-release. */
const closedSystems: Readonly<Record<string, string>> = {
  talos:
    "Talos: add the runtime by a machine configuration patch (machine.files, /etc/cri/conf.d/20-customization.part)",
  bottlerocket: "Bottlerocket: its file system is sealed and containerd cannot be restarted",
};

/** Why nothing can be installed on a node with this /etc/os-release, undefined where it can. */
export function closedSystem(osRelease: string): string | undefined {
  const id = /^ID=["']?([^"'\n]+)/m.exec(osRelease)?.[1];
  return id === undefined ? undefined : closedSystems[id];
}
