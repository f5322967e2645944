import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { BuiltImage } from "../../runtime/image/image.ts";
import { writeLayoutArchive } from "../../runtime/image/oci-layout.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import {
  configuration,
  containerdReleases,
  newestContainerd,
  type ContainerdRelease,
  networkConfiguration,
  pluginFolder,
} from "./containerd-configuration.ts";
import { containerConfig, type ContainerOptions, CriClient, ownProcesses } from "./cri.ts";
import { programObstacle } from "./debian-package.ts";
import { goObstacle, goTool } from "./go-tool.ts";
import { type ImageContent, writeImageArchive } from "./oci-archive.ts";
import { ServerProcess } from "./server-process.ts";

export interface ContainerdOptions {
  readonly release: ContainerdRelease;
  /** Where containerd finds our shim: that of an installed tree, else that of the sources. */
  readonly shimFolder?: string;
  /** Which pods share a host process, unless they say otherwise; as the node has it by default. */
  readonly isolation?: "pod" | "namespace" | "shared";
  /** Handler of pods that name none; `runc` by default. */
  readonly defaultHandler?: string;
  /** A program, with its arguments, that becomes containerd and watches it meanwhile. */
  readonly watcher?: readonly string[];
}

export interface PodOptions {
  readonly handler?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Kubernetes' namespace, `default` unless it says something else. */
  readonly namespace?: string;
}

const shimSources = fileURLToPath(new URL("../../shim/bin", import.meta.url));

/** Why no containerd can run here, undefined where it can. */
export function containerdObstacle(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux";
  return (
    programObstacle("runc", "runc") ??
    // Not that of "bridge": iproute2 has a program of this name.
    programObstacle("host-local", "containernetworking-plugins", [pluginFolder]) ??
    programObstacle("busybox", "busybox-static") ??
    goObstacle()
  );
}

const forwardingFile = "/proc/sys/net/ipv4/ip_forward";

/** A pod that a test has started. */
export interface TestPod {
  readonly id: string;
  readonly ip: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Folder of the containers' logs. */
  readonly logs: string;
}

/**
 * A containerd of its own, with its own folder, bridge, cgroup and front; taken down again with
 * everything that it has made.
 */
export class TestContainerd implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #options: ContainerdOptions;
  readonly #name: string;
  readonly #subnet: string;
  readonly #pods = new Set<string>();
  #server: ServerProcess | undefined;
  readonly cri: CriClient;
  /** What containerd and the bridge plugin change on the machine. */
  readonly #forwarding = readFileSync(forwardingFile, "utf8");
  readonly #newCgroups = cgroupControllers()
    .map((controller) => join(controller, "k8s.io"))
    .filter((path) => !existsSync(path));
  #nextPod = 0;

  private constructor(options: ContainerdOptions) {
    this.#options = options;
    this.#folder = new TemporaryFolder({});
    this.#name = `wh${process.pid.toString(36)}${(counter += 1)}`;
    // Room for a thousand pods.
    this.#subnet = `10.${100 + (process.pid % 100)}.${((process.pid >> 7) % 62) * 4}.0/22`;
    this.cri = new CriClient(this.socket);
  }

  static async start(options: ContainerdOptions): Promise<TestContainerd> {
    const containerd = new TestContainerd(options);
    try {
      containerd.#configure();
      await containerd.startServer();
      return containerd;
    } catch (error) {
      await containerd[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The folder that holds everything of it. */
  get folder(): string {
    return this.#folder.path;
  }

  get socket(): string {
    return join(this.folder, "containerd.sock");
  }

  /** Parent cgroup of all its pods. */
  get cgroupParent(): string {
    return `/${this.#name}`;
  }

  get bridge(): string {
    return this.#name;
  }

  get output(): string {
    return this.#server?.output ?? "";
  }

  /** What the front has logged. */
  get frontLog(): string {
    const path = join(this.folder, "whorl/front.log");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** Process id of the front, once a pod has been started. */
  get frontPid(): number {
    return Number(readFileSync(join(this.folder, "whorl/front.pid"), "utf8").split(" ")[0]);
  }

  /** Starts containerd, or starts it again after {@link killServer}. */
  async startServer(): Promise<void> {
    const programs = ["containerd", "containerd-shim-runc-v2", "ctr"].map((name) =>
      this.#tool(name),
    );
    const [program = ""] = programs;
    const { shimFolder, isolation, watcher = [] } = this.#options;
    const command = [...watcher, program, "-c", join(this.folder, "config.toml")];
    const path = [
      shimFolder ?? shimSources,
      ...programs.map((each) => dirname(each)),
      "/usr/sbin",
      "/usr/bin",
      "/bin",
    ];
    this.#server = await ServerProcess.start({
      program: command[0] ?? program,
      args: command.slice(1),
      environment: {
        PATH: path.join(delimiter),
        WHORL_RUN_DIR: join(this.folder, "whorl"),
        WHORL_CACHE_DIR: join(this.folder, "cache"),
        ...(isolation !== undefined && { WHORL_ISOLATION: isolation }),
        // An installed tree has its own.
        ...(shimFolder === undefined && { WHORL_NODE: process.execPath }),
      },
      probe: () => this.cri.call("Version", {}),
    });
  }

  /** As a crash would end it. Its pods live on. */
  async killServer(): Promise<void> {
    await this.#server?.kill();
  }

  /** Halts it, so that it reads nobody's output; disposing lets it go on. */
  halt(): Disposable {
    const pid = this.#server?.pid;
    if (pid === undefined) throw new Error("containerd was not started");
    process.kill(pid, "SIGSTOP");
    return { [Symbol.dispose]: () => void process.kill(pid, "SIGCONT") };
  }

  async importImage(image: ImageContent): Promise<void> {
    const archive = join(this.folder, `image-${image.name.replaceAll(/\W/g, "-")}.tar`);
    await writeImageArchive(archive, image);
    this.ctr("image", "import", archive);
    rmSync(archive);
    await this.#untilKnown(image.name);
  }

  /** Pods can use it once an event has arrived. */
  async #untilKnown(name: string): Promise<void> {
    for (let tries = 0; tries < 200 && !(await this.cri.hasImage(name)); tries += 1) {
      await delay(20);
    }
  }

  /** As {@link importImage}, for one that has no root file system. */
  async importArtifact(image: BuiltImage, name: string): Promise<void> {
    const archive = join(this.folder, "artifact.tar");
    await writeLayoutArchive(archive, image, name);
    // Unpacking is what pulling does where a pod needs it, and not at all for artifacts.
    this.ctr("image", "import", "--no-unpack", archive);
    rmSync(archive);
    await this.#untilKnown(name);
  }

  /** Runs `ctr` in Kubernetes' namespace; its standard output. */
  ctr(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(
      this.#tool("ctr"),
      ["-a", this.socket, "-n", "k8s.io", ...args],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`ctr ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  async runPod(options: PodOptions = {}): Promise<TestPod> {
    this.#nextPod += 1;
    const name = `pod-${this.#nextPod}`;
    const logs = join(this.folder, "logs", name);
    mkdirSync(logs, { recursive: true });
    const config = {
      metadata: { name, uid: name, namespace: options.namespace ?? "default" },
      logDirectory: logs,
      annotations: options.annotations ?? {},
      linux: {
        cgroupParent: this.cgroupParent,
        securityContext: { namespaceOptions: ownProcesses },
      },
    };
    const runtimeHandler = options.handler ?? "whorl";
    const { podSandboxId } = await this.cri.call("RunPodSandbox", { config, runtimeHandler });
    const id = podSandboxId as string;
    this.#pods.add(id);
    const { status } = await this.cri.call("PodSandboxStatus", { podSandboxId: id });
    const { ip } = (status as { network: { ip: string } }).network;
    return { id, ip, config, logs };
  }

  async createContainer(pod: TestPod, options: ContainerOptions): Promise<string> {
    const { containerId } = await this.cri.call("CreateContainer", {
      podSandboxId: pod.id,
      config: containerConfig(options),
      sandboxConfig: pod.config,
    });
    return containerId as string;
  }

  async startContainer(pod: TestPod, options: ContainerOptions): Promise<string> {
    const containerId = await this.createContainer(pod, options);
    await this.cri.call("StartContainer", { containerId });
    return containerId;
  }

  async removePod(pod: Pick<TestPod, "id">): Promise<void> {
    await this.cri.call("StopPodSandbox", { podSandboxId: pod.id });
    await this.cri.call("RemovePodSandbox", { podSandboxId: pod.id });
    this.#pods.delete(pod.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      for (const id of this.#pods) await this.removePod({ id });
    } catch (error) {
      console.error(`a pod could not be removed: ${String(error)}\n${this.output.slice(-4000)}`);
    }
    this.cri[Symbol.dispose]();
    await this.#server?.[Symbol.asyncDispose]();
    await this.#endFront();
    this.#removeKernelObjects();
    this.#folder[Symbol.dispose]();
  }

  #tool(name: string): string {
    return containerdTool(this.#options.release, name);
  }

  async #endFront(): Promise<void> {
    const path = join(this.folder, "whorl/front.pid");
    if (!existsSync(path)) return;
    const pid = this.frontPid;
    tryToSignal(pid, "SIGTERM");
    for (let tries = 0; tries < 100 && existsSync(`/proc/${pid}`); tries += 1) {
      await delay(20);
    }
    tryToSignal(pid, "SIGKILL");
  }

  /** The bridge, settings, and what failed tests left; the rest is gone with its pods. */
  #removeKernelObjects(): void {
    spawnSync("ip", ["link", "del", this.#name]);
    writeFileSync(forwardingFile, this.#forwarding);
    for (const line of readFileSync("/proc/self/mounts", "utf8").split("\n").toReversed()) {
      const [, target = ""] = line.split(" ");
      if (target.startsWith(this.folder)) spawnSync("umount", ["-l", target]);
    }
    const own = cgroupControllers().map((controller) => join(controller, this.#name));
    for (const path of [...own, ...this.#newCgroups]) {
      spawnSync("find", [path, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
    }
  }

  #configure(): void {
    const { folder } = this;
    mkdirSync(join(folder, "cni/net.d"), { recursive: true });
    const place = {
      ...{ folder, socket: this.socket, bridge: this.#name, subnet: this.#subnet },
      defaultHandler: this.#options.defaultHandler ?? "runc",
    };
    writeFileSync(join(folder, "cni/net.d/10-test.conflist"), networkConfiguration(place));
    writeFileSync(join(folder, "config.toml"), configuration(this.#options.release, place));
  }
}

/** Builds what the tests start, which takes longer than a test may wait. */
export function prepareNodeTier(): void {
  for (const release of ["2.4", "1.7"] as const) {
    for (const name of ["containerd", "containerd-shim-runc-v2", "ctr"]) {
      containerdTool(release, name);
    }
  }
}

/** Path of one of a release's programs. `go install` does not take modules that exclude others. */
function containerdTool(release: ContainerdRelease, name: string): string {
  const { version, module } = containerdReleases[release];
  const tool = { name, package: `${module}/cmd/${name}`, version };
  if (version === newestContainerd) return goTool(tool);
  const goMod = `module tools\n\ngo 1.26\n\ntool ${tool.package}\n\nrequire ${module} ${version}\n`;
  return goTool({ ...tool, goMod });
}

/** Distinguishes several containerds of one test process. */
let counter = 0;

/** The folders below which every container has its cgroup. */
export function cgroupControllers(): readonly string[] {
  const root = "/sys/fs/cgroup";
  if (existsSync(join(root, "cgroup.controllers"))) return [root];
  return [
    "cpu",
    "cpuacct",
    "cpuset",
    "memory",
    "pids",
    "freezer",
    "devices",
    "blkio",
    "systemd",
    "unified",
    "hugetlb",
    "net_cls",
    "net_prio",
    "perf_event",
    "rdma",
    "misc",
  ]
    .map((name) => join(root, name))
    .filter((path) => existsSync(path));
}

function tryToSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
