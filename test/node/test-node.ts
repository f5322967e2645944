import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, vi } from "vitest";
import { type ContainerdOptions, TestContainerd, type TestPod } from "../servers/containerd.ts";
import type { ContainerdRelease } from "../servers/containerd-configuration.ts";
import { findLeftovers, sharedState } from "../servers/leftovers.ts";
import { testImages } from "../servers/test-images.ts";

const shim = fileURLToPath(new URL("../../shim/bin/containerd-shim-whorl-v1", import.meta.url));
const waitMsMax = 20_000;
const pollMs = 25;

/** For what takes a moment: several test files share few processors. */
export const patience = { timeout: 20_000, interval: 50 } as const;

/** A containerd with the images of the tests; at its end it is checked that nothing is left. */
export class TestNode implements AsyncDisposable {
  readonly containerd: TestContainerd;
  readonly #before: ReadonlySet<string>;

  private constructor(containerd: TestContainerd, before: ReadonlySet<string>) {
    this.containerd = containerd;
    this.#before = before;
  }

  static async start(
    release: ContainerdRelease,
    options: Omit<ContainerdOptions, "release"> = {},
  ): Promise<TestNode> {
    const before = sharedState();
    const containerd = await TestContainerd.start({ release, ...options });
    for (const image of testImages()) await containerd.importImage(image);
    return new TestNode(containerd, before);
  }

  get cri(): TestContainerd["cri"] {
    return this.containerd.cri;
  }

  /** A new directory on the node that every user may write to. */
  sharedFolder(): string {
    const folder = mkdtempSync(join(this.containerd.folder, "shared-"));
    chmodSync(folder, 0o777);
    return folder;
  }

  /** Lets a new front take over: of the sources, or what that program belongs to. */
  async upgrade(program: string = shim): Promise<void> {
    const environment = {
      PATH: "/usr/bin:/bin",
      WHORL_RUN_DIR: join(this.containerd.folder, "whorl"),
      ...(program === shim && { WHORL_NODE: process.execPath }),
    };
    await promisify(execFile)(program, ["upgrade"], { env: environment });
  }

  /** Process that runs a Wasm container. */
  hostPid(containerId: string): number {
    const procs = this.#cgroupFile(containerId, "pids", "cgroup.procs");
    return Number(procs?.split("\n")[0]);
  }

  /** Processes that run guests; those that wait for a container are not among them. */
  hostPids(): number[] {
    const mark = `NODE_COMPILE_CACHE=${this.containerd.folder}/`;
    return readdirSync("/proc").flatMap((name) => {
      const text = (file: string): string => textOf(`/proc/${name}/${file}`);
      if (!/^\d+$/.test(name) || !text("environ").includes(mark)) return [];
      // Only one that has been given something to run has given up being root.
      const [, uid = "0"] = /^Uid:\t(\d+)/m.exec(text("status")) ?? [];
      return uid === "0" || !/\/(?:host\/main\.ts|lib\/host\.js)\0/.test(text("cmdline"))
        ? []
        : [Number(name)];
    });
  }

  /** The stock shim of an ordinary container, and the path of its socket. */
  stockShim(pod: TestPod, containerId: string): { readonly pid: number; readonly socket: string } {
    const tasks = join(this.containerd.folder, "state/io.containerd.runtime.v2.task/k8s.io");
    const found = textOf(join(tasks, containerId, "whorl.stock"));
    const { address } = JSON.parse(found) as { readonly address: string };
    const pid = readdirSync("/proc").find((name) => {
      const words = textOf(`/proc/${name}/cmdline`);
      return /containerd-shim-runc-v2\0/.test(words) && words.includes(pod.id);
    });
    return { pid: Number(pid), socket: address.replace(/^unix:\/\//, "") };
  }

  /** What the kernel enforces for a container. */
  limits(containerId: string): { readonly memoryBytes: number; readonly cpuQuotaUs: number } {
    const memory =
      this.#cgroupFile(containerId, "memory", "memory.limit_in_bytes") ??
      this.#cgroupFile(containerId, "", "memory.max");
    const quota =
      this.#cgroupFile(containerId, "cpu", "cpu.cfs_quota_us") ??
      this.#cgroupFile(containerId, "", "cpu.max")?.split(" ")[0];
    return { memoryBytes: Number(memory), cpuQuotaUs: Number(quota) };
  }

  /** Of version 1 below its controller, of version 2 below the root. */
  #cgroupFile(containerId: string, controller: string, file: string): string | undefined {
    const { cgroupParent } = this.containerd;
    const paths = [controller, ""].map((name) =>
      join("/sys/fs/cgroup", name, cgroupParent, containerId, file),
    );
    const found = paths.find((path) => existsSync(path));
    return found === undefined ? undefined : readFileSync(found, "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { folder, bridge: name } = this.containerd;
    const log = this.containerd.frontLog;
    await this.containerd[Symbol.asyncDispose]();
    const marks = { folder, name, before: this.#before };
    const nothingIsLeft = (): void => {
      expect(findLeftovers(marks), `the front said:\n${log}`).toEqual([]);
    };
    await vi.waitFor(nothingIsLeft, patience);
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

/** Lines of a container's log of one stream, without what kubelet's format adds. */
export function logLines(pod: TestPod, container: string, stream: "stdout" | "stderr"): string[] {
  const text = readFileSync(join(pod.logs, `${container}.log`), "utf8");
  return text.split("\n").flatMap((line) => {
    const [, name, , ...rest] = line.split(" ");
    return name === stream ? [rest.join(" ")] : [];
  });
}

/** Body of an answer with status 200; tries again until the server is there. */
export async function fetchText(url: string, timeoutMs = waitMsMax): Promise<string> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await getText(url);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(pollMs);
    }
  }
}

async function getText(url: string): Promise<string> {
  const request = get(url, { agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode} ${text}`);
  return text;
}
