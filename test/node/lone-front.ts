import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { TtrpcClient } from "../../shim/ttrpc/client.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { patience } from "./test-node.ts";

const shim = fileURLToPath(new URL("../../shim/bin/containerd-shim-whorl-v1", import.meta.url));

/** How the shim ended. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  /** Program that the shim starts Node with. */
  readonly node?: string;
  /** What the shim gets on its standard input. */
  readonly input?: Uint8Array;
}

/** A front without containerd, and the shim that starts it and talks to it. */
export class LoneFront implements AsyncDisposable {
  readonly #folder = new TemporaryFolder({});

  /** Of the front's own files. */
  get runFolder(): string {
    return join(this.#folder.path, "run");
  }

  get socket(): string {
    return join(this.runFolder, "front.sock");
  }

  /** Undefined as long as there is none. */
  get pid(): number | undefined {
    const file = join(this.runFolder, "front.pid");
    return existsSync(file) ? Number(readFileSync(file, "utf8").split(" ")[0]) : undefined;
  }

  get log(): string {
    return readFileSync(join(this.runFolder, "front.log"), "utf8");
  }

  /** A container's folder; made if it is not there. */
  bundle(name: string): string {
    const path = this.#folder.file(name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Runs the shim in a folder, as containerd does. */
  run(
    directory: string,
    args: readonly string[],
    { node = process.execPath, input = Buffer.from("what containerd says") }: RunOptions = {},
  ): Promise<Ran> {
    const child = spawn(shim, args, {
      cwd: directory,
      env: {
        PATH: "/usr/bin:/bin",
        TTRPC_ADDRESS: "/t",
        WHORL_RUN_DIR: this.runFolder,
        WHORL_CACHE_DIR: join(this.#folder.path, "cache"),
        WHORL_NODE: node,
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    // delete ends without having read it.
    child.stdin.on("error", () => undefined).end(input);
    const stdout: Buffer[] = [];
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    return new Promise((resolve) => {
      child.on("close", (status) => resolve({ status, stdout: Buffer.concat(stdout), stderr }));
    });
  }

  /** `start` of a container in namespace `ns`. */
  start(name: string, options?: RunOptions): Promise<Ran> {
    const known = ["-namespace", "ns", "-address", "/a", "-publish-binary", "/c"];
    return this.run(this.bundle(name), [...known, "-id", name, "start"], options);
  }

  connect(): Promise<TtrpcClient> {
    return TtrpcClient.connect(this.socket);
  }

  /** Ends the front, if there is one. */
  async end(): Promise<void> {
    const { pid } = this;
    if (pid === undefined || !existsSync(`/proc/${pid}`)) return;
    process.kill(pid, "SIGTERM");
    await untilEnded(pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    this.#folder[Symbol.dispose]();
  }
}

export async function untilEnded(pid: number): Promise<void> {
  await vi.waitFor(() => {
    if (existsSync(`/proc/${pid}`)) throw new Error(`process ${pid} does not end`);
  }, patience);
}
