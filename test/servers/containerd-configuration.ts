import { join } from "node:path";

export const newestContainerd = "v2.4.2";
/** `WHORL_CONTAINERD=v2.0.14` runs the tests with another containerd 2. */
// oxlint-disable-next-line node/no-process-env -- by hand, for a release that is not in every run
const newer = process.env["WHORL_CONTAINERD"] ?? newestContainerd;

/** Releases of containerd that are tested, with the module that holds their programs. */
export const containerdReleases = {
  "2.4": { version: newer, module: "github.com/containerd/containerd/v2" },
  "1.7": { version: "v1.7.29", module: "github.com/containerd/containerd" },
} as const;

export type ContainerdRelease = keyof typeof containerdReleases;

/** Where Debian's package has its network plugins. */
export const pluginFolder = "/usr/lib/cni";

/** What is different for each containerd of a test. */
export interface ContainerdPlace {
  readonly folder: string;
  readonly socket: string;
  readonly bridge: string;
  /** Addresses of its pods. */
  readonly subnet: string;
  /** Of pods that name none. */
  readonly defaultHandler: string;
}

/** Runtime handlers that a test can ask for. */
const handlers = { whorl: "io.containerd.whorl.v1", spin: "io.containerd.spin.v2" } as const;

/** Handlers whose pods are served by the shim itself, which containerd 2 can be told. */
export const shimSandboxHandler = "whorl-pod";

const pauseImage = "localhost/pause:1";

/** A CNI network: a bridge whose pods reach each other and the machine. */
export function networkConfiguration({ folder, bridge, subnet }: ContainerdPlace): string {
  const ipam = {
    type: "host-local",
    ranges: [[{ subnet }]],
    routes: [{ dst: "0.0.0.0/0" }],
    dataDir: join(folder, "cni/addresses"),
  };
  const plugin = {
    type: "bridge",
    bridge,
    isGateway: true,
    ipMasq: false,
    hairpinMode: true,
    ipam,
  };
  return JSON.stringify({ cniVersion: "1.0.0", name: bridge, plugins: [plugin] });
}

/** config.toml. Some machines may not lower their OOM score, so no pod does here. */
export function configuration(release: ContainerdRelease, place: ContainerdPlace): string {
  return release === "1.7" ? version2(place) : version3(place);
}

function version3(place: ContainerdPlace): string {
  const runtime = "plugins.'io.containerd.cri.v1.runtime'";
  return `version = 3
${common(place)}
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "${pauseImage}"
[${runtime}]
restrict_oom_score_adj = true
disable_apparmor = true
[${runtime}.cni]
${newer.startsWith("v2.0.") ? `bin_dir = "${pluginFolder}"` : `bin_dirs = ["${pluginFolder}"]`}
conf_dir = "${place.folder}/cni/net.d"
${runtimes(runtime, place)}
[${runtime}.containerd.runtimes.${shimSandboxHandler}]
runtime_type = "${handlers.whorl}"
sandboxer = "shim"
`;
}

function version2(place: ContainerdPlace): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
${common(place)}
[${cri}]
sandbox_image = "${pauseImage}"
restrict_oom_score_adj = true
disable_apparmor = true
[${cri}.cni]
bin_dir = "${pluginFolder}"
conf_dir = "${place.folder}/cni/net.d"
${runtimes(cri, place)}
`;
}

function common({ folder, socket }: ContainerdPlace): string {
  return `root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
address = "${socket}"
[ttrpc]
address = "${socket}.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
path = "${folder}/opt"`;
}

function runtimes(plugin: string, { defaultHandler }: ContainerdPlace): string {
  const names = Object.entries(handlers).map(
    ([name, type]) => `[${plugin}.containerd.runtimes.${name}]
runtime_type = "${type}"
pod_annotations = ["io.whorl.*", "whorl.dev/*"]
container_annotations = ["io.whorl.*", "whorl.dev/*"]`,
  );
  return `[${plugin}.containerd]
default_runtime_name = "${defaultHandler}"
[${plugin}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
${names.join("\n")}`;
}
