import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { containerdObstacle, TestContainerd } from "../servers/containerd.ts";
import type { PodOptions, TestPod } from "../servers/containerd.ts";
import type { ContainerOptions } from "../servers/cri.ts";
import { testImages } from "../servers/test-images.ts";
import type { Pair } from "./noisy-pair.ts";

/** Two pods of one kind. */
interface PodKind {
  readonly name: string;
  readonly pod: PodOptions;
  readonly container: ContainerOptions;
}

const script = fileURLToPath(new URL("node-http-server.ts", import.meta.url));
const port = 80;
const readyMsMax = 30_000;

/** This machine's Node with its libraries, in an image that has neither. */
const nodeInPod: ContainerOptions = {
  name: "a",
  image: "localhost/busybox:1",
  command: ["/opt/node", "/opt/server.ts", String(port), "0.0.0.0"],
  mounts: [
    { containerPath: "/opt/node", hostPath: process.execPath, readonly: true },
    { containerPath: "/opt/server.ts", hostPath: script, readonly: true },
    ...["/lib", "/lib64", "/usr/lib"].map((path) => {
      return { containerPath: path, hostPath: path, readonly: true };
    }),
  ],
};
const helloInPod: ContainerOptions = { name: "a", image: "localhost/hello:1" };

/** The first are what others are measured against. */
const kinds: readonly PodKind[] = [
  { name: "two runc pods, node:http", pod: { handler: "runc" }, container: nodeInPod },
  ...(["namespace", "pod"] as const).map((isolation) => ({
    name: `two whorl pods, isolation=${isolation}`,
    pod: { handler: "whorl", annotations: { "io.whorl.isolation": isolation } },
    container: helloInPod,
  })),
];

/** Pods that flood each other, in a containerd of their own, with all they need on one core. */
export class NoisyPods implements AsyncDisposable {
  readonly #containerd: TestContainerd;
  readonly #core: number;

  private constructor(containerd: TestContainerd, core: number) {
    this.#containerd = containerd;
    this.#core = core;
  }

  /** Why there can be none; undefined where there can. */
  static obstacle(): string | undefined {
    return containerdObstacle();
  }

  static async start(core: number): Promise<NoisyPods> {
    const containerd = await TestContainerd.start({ release: "2.4" });
    for (const image of testImages()) await containerd.importImage(image);
    return new NoisyPods(containerd, core);
  }

  /** Runs `measure` with two pods of each kind, one kind after the other. */
  async each(measure: (pair: Pair) => Promise<void>): Promise<void> {
    for (const kind of kinds) {
      const flooded = await this.#run(kind);
      const quiet = await this.#run(kind);
      pinProcesses(this.#containerd, this.#core);
      await measure({ name: kind.name, flooded: targetOf(flooded), quiet: targetOf(quiet) });
      for (const pod of [flooded, quiet]) await this.#containerd.removePod(pod);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#containerd[Symbol.asyncDispose]();
  }

  async #run({ name, pod, container }: PodKind): Promise<TestPod> {
    const running = await this.#containerd.runPod(pod);
    await this.#containerd.startContainer(running, container);
    const startedMs = performance.now();
    while (!(await isAnswered(running.ip))) {
      if (performance.now() - startedMs > readyMsMax) throw new Error(`${name}: no answer`);
      await delay(20);
    }
    return running;
  }
}

function targetOf({ ip }: TestPod): Pair["quiet"] {
  return { address: ip, port, host: "quiet.localhost" };
}

function isAnswered(ip: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: ip, port, agent: false }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode === 200));
    });
    request.on("error", () => resolve(false));
  });
}

/** Every thread of every process that belongs to the pods, containerd itself excepted. */
function pinProcesses({ folder, cgroupParent }: TestContainerd, core: number): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const [command = "", environment = "", cgroup = ""] = ["cmdline", "environ", "cgroup"].map(
      (file) => textOf(`/proc/${pid}/${file}`),
    );
    const isOurs =
      [command, environment].some((text) => text.includes(folder)) || cgroup.includes(cgroupParent);
    if (!isOurs || /\/containerd\0/.test(command)) continue;
    // It may have ended meanwhile.
    spawnSync("taskset", ["-a", "-c", "-p", String(core), pid], { stdio: "ignore" });
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has just ended.
    return "";
  }
}

/** What a result has to name. */
export function runcVersion(): string {
  return execFileSync("runc", ["--version"], { encoding: "utf8" }).split("\n")[0] ?? "";
}
