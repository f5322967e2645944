import { spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { FrontChild } from "./adopted-child.ts";

/** How a pod's namespaces are to be. */
export interface HolderOptions {
  /** Empty for a pod in the node's network. */
  readonly networkPath: string;
  readonly hostname: string;
  readonly path: string;
}

/**
 * A process that does nothing but keep a pod's namespaces (network, IPC, host name), so that
 * ordinary containers can join them by its id. It ends with the front.
 */
export class SandboxHolder {
  readonly pid: number;
  readonly #child: FrontChild;
  readonly #ended: Promise<void>;
  #hasEnded = false;

  private constructor(child: FrontChild, pid: number) {
    this.#child = child;
    this.pid = pid;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    child.on("exit", () => {
      this.#hasEnded = true;
      resolve();
    });
  }

  /** One that an earlier front has started. */
  static adopt(child: FrontChild, pid: number): SandboxHolder {
    return new SandboxHolder(child, pid);
  }

  /** Settles when it has entered its namespaces. Throws `internal` if it cannot. */
  static async start(options: HolderOptions): Promise<SandboxHolder> {
    const { networkPath, hostname, path } = options;
    const network = networkPath === "" ? [] : [`--net=${networkPath}`];
    // The name is set where it is seen only by the pod; then nothing is left but a sleep.
    const script = '[ -z "$1" ] || printf %s "$1" >/proc/sys/kernel/hostname; exec sleep infinity';
    const inPod = ["unshare", "--ipc", "--uts", "--", "setpriv", "--pdeathsig", "SIGKILL", "--"];
    const args = [...network, "--", ...inPod, "sh", "-c", script, "sh", hostname];
    const child = spawn("nsenter", args, { cwd: "/", env: { PATH: path }, stdio: "ignore" });
    child.on("error", () => undefined);
    if (child.pid === undefined) throw new ShimError("internal", "nsenter cannot be started");
    const holder = new SandboxHolder(child, child.pid);
    await holder.#untilReady();
    return holder;
  }

  /** Settles when it is gone, for whatever reason. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  async #untilReady(): Promise<void> {
    for (let waitedMs = 0; waitedMs < shimLimits.holderMsMax; waitedMs += readyPollMs) {
      if (this.#hasEnded) break;
      if (isSleeping(this.pid)) return;
      await delay(readyPollMs);
    }
    this.#child.kill("SIGKILL");
    throw new ShimError("internal", "the pod's namespaces cannot be entered");
  }
}

const readyPollMs = 2;

/** The last of the programs that it runs one after the other. */
function isSleeping(pid: number): boolean {
  try {
    const program = readlinkSync(`/proc/${pid}/exe`);
    return /\/(?:sleep|coreutils|busybox)$/.test(program);
  } catch {
    return false;
  }
}
