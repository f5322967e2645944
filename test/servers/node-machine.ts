import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cgroupControllers } from "./containerd.ts";
import { pluginFolder } from "./containerd-configuration.ts";
import { nodeFiles, type NodeFilesOptions } from "./node-files.ts";
import { ServerProcess } from "./server-process.ts";

export interface NodeMachineOptions extends Omit<NodeFilesOptions, "cgroupRoot"> {
  /** Bridge of the cluster that its cable goes into. */
  readonly bridge: string;
}

const ownNetwork = "/proc/self/ns/net";

/** Folders that are the node's own; everything else it shares with this machine. */
const ownFolders = ["etc", "run", "opt", "var/lib", "var/log"] as const;

/**
 * A machine of its own for a node: namespaces of processes, mounts and network, with an init that
 * keeps containerd, kubelet and kube-proxy running. Whatever they start or mount ends with it.
 */
export class NodeMachine implements AsyncDisposable {
  readonly name: string;
  readonly address: string;
  /** Folder on this machine with the node's own folders in it. */
  readonly folder: string;
  /** Parent cgroup of its pods. */
  readonly cgroup: string;
  #server: ServerProcess | undefined;

  private constructor({ place }: NodeMachineOptions) {
    this.name = place.name;
    this.address = place.address;
    this.folder = mkdtempSync(join(tmpdir(), "whorl-node-"));
    this.cgroup = `whorl-${process.pid}-${place.name}`;
  }

  /** Resolves when containerd answers. */
  static async start(options: NodeMachineOptions): Promise<NodeMachine> {
    const node = new NodeMachine(options);
    try {
      node.#prepare(options);
      await node.#boot(options.bridge);
      return node;
    } catch (error) {
      const logs = node.logs();
      await node[Symbol.asyncDispose]();
      throw new Error(`node ${node.name} does not start:\n${logs}`, { cause: error });
    }
  }

  /** Path on this machine of a file of the node's own folders. */
  path(file: string): string {
    return join(this.folder, file);
  }

  get socket(): string {
    return this.path("run/containerd/containerd.sock");
  }

  /** Id of the process namespace's first process, as this machine counts. */
  get initPid(): number {
    const { pid = 0 } = this.#server ?? {};
    const children = `/proc/${pid}/task/${pid}/children`;
    return existsSync(children) ? Number(readFileSync(children, "utf8").trim()) : 0;
  }

  /** The end of what each of its programs logged. */
  logs(bytes = 3000): string {
    return ["containerd", "kubelet", "kube-proxy"]
      .map((name) => [name, this.path(`var/log/${name}.log`)] as const)
      .filter(([, path]) => existsSync(path))
      .map(([name, path]) => `== ${name}\n${readFileSync(path, "utf8").slice(-bytes)}`)
      .join("\n");
  }

  /** Runs a program on the node; its standard output. */
  run(...command: readonly string[]): string {
    const target = ["-t", String(this.initPid), "-m", "-p", "-n"];
    const { status, stdout, stderr } = spawnSync("nsenter", [...target, "--", ...command], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pid = this.initPid;
    await this.#server?.[Symbol.asyncDispose]();
    // The first process ends last: then no mount holds the folder any more.
    for (let tries = 0; tries < 500 && pid > 0 && existsSync(`/proc/${pid}`); tries += 1) {
      await delay(20);
    }
    for (const controller of cgroupControllers()) {
      const path = join(controller, this.cgroup);
      if (!existsSync(path)) continue;
      spawnSync("find", [path, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  #prepare(options: NodeMachineOptions): void {
    for (const name of ownFolders) mkdirSync(this.path(name), { recursive: true });
    cpSync("/etc", this.path("etc"), { recursive: true, verbatimSymlinks: true });
    for (const name of ["etc/cni", "etc/containerd", "etc/resolv.conf"]) {
      rmSync(this.path(name), { recursive: true, force: true });
    }
    mkdirSync(this.path("opt/cni"));
    symlinkSync(pluginFolder, this.path("opt/cni/bin"));
    mkdirSync(this.path("var/lib/kubelet"));
    const files = nodeFiles({ ...options, cgroupRoot: `/${this.cgroup}` });
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), content);
      if (name.startsWith("/etc/node/")) chmodSync(this.path(name), 0o755);
    }
    for (const controller of cgroupControllers()) {
      mkdirSync(join(controller, this.cgroup), { recursive: true });
    }
    const cpuset = "/sys/fs/cgroup/cpuset";
    for (const file of existsSync(cpuset) ? ["cpuset.cpus", "cpuset.mems"] : []) {
      writeFileSync(join(cpuset, this.cgroup, file), readFileSync(join(cpuset, file), "utf8"));
    }
  }

  async #boot(bridge: string): Promise<void> {
    const binds = ownFolders.map((name) => `mount --bind ${this.path(name)} /${name}`);
    const script = [
      ...binds,
      // The kubelet shares what it mounts there with containers that ask for it.
      "mount --make-rshared /",
      "/etc/node/network",
      "exec /bin/busybox init",
    ].join(" && ");
    const cable = `${bridge}-${this.address.split(".").at(-1)}`;
    const plug = (pid: number): void => {
      ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", String(pid));
      ip("link", "set", cable, "master", bridge, "up");
    };
    let isPlugged = false;
    this.#server = await ServerProcess.start({
      program: "unshare",
      args: [
        ...["--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child"],
        ...["--mount-proc", "sh", "-c", script],
      ],
      // unshare ignores the others while it waits for its child.
      stopSignal: "SIGKILL",
      probe: async (pid) => {
        await delay(0);
        if (!isPlugged && readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync(ownNetwork)) {
          throw new Error("the node has no network of its own yet");
        }
        if (!isPlugged) plug(pid);
        isPlugged = true;
        if (!existsSync(this.socket)) throw new Error("containerd has no socket yet");
      },
    });
  }
}

/** Runs `ip`. Throws with what it complains about. */
export function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
}
