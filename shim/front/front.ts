import { once } from "node:events";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { whorl } from "../../proto/gen/wire.js";
import { ShimError } from "../error.ts";
import {
  TtrpcConnection,
  metadataOf,
  type TtrpcAnswer,
  type TtrpcRequest,
} from "../ttrpc/server.ts";
import { version } from "../version.ts";
import { HostPool } from "./host-pool.ts";
import { ImageCache } from "./image-cache.ts";
import { SandboxService, sandboxServiceName } from "./sandbox-service.ts";
import { TaskService } from "./task-service.ts";

/** What `delete` asks of a living front; our own service beside containerd's. */
export const frontService = { name: "whorl.front.v1.Front", forget: "Forget" } as const;

export interface FrontOptions {
  /** Folder of socket, process id and cache; only root may enter it. */
  readonly runFolder: string;
  /** Folder of what outlives the front: prepared images. */
  readonly cacheFolder: string;
  /** Where programs are found. */
  readonly path: string;
  readonly log: (message: string) => void;
  readonly nowMs: () => number;
}

/** The node's front: one process that answers containerd for every container. */
export class Front implements AsyncDisposable {
  readonly #tasks: TaskService;
  readonly #sandboxes: SandboxService;
  readonly #server: Server;
  readonly #runFolder: string;
  readonly #lock: Server;
  readonly #connections = new Set<TtrpcConnection>();

  private constructor(options: FrontOptions, lock: Server) {
    this.#lock = lock;
    this.#runFolder = options.runFolder;
    this.#sandboxes = new SandboxService(options.nowMs);
    this.#tasks = new TaskService({
      podPid: (key) => this.#sandboxes.pidOf(key),
      log: options.log,
      nowMs: options.nowMs,
      images: new ImageCache({
        folder: join(options.cacheFolder, `images-${version}`),
        path: options.path,
        log: options.log,
      }),
      hosts: new HostPool({
        path: options.path,
        compileCache: join(options.runFolder, "compile-cache"),
      }),
    });
    this.#server = createServer((socket) => {
      const connection = new TtrpcConnection(socket, (request) => this.#handle(request));
      this.#connections.add(connection);
      connection.closed.addEventListener("abort", () => this.#connections.delete(connection));
    });
  }

  /**
   * Starts serving; undefined if another front of the same folder lives. Its process id and socket
   * appear in this order, each at once, so that whoever sees them can use them.
   */
  static async start(options: FrontOptions): Promise<Front | undefined> {
    mkdirSync(options.runFolder, { recursive: true, mode: 0o700 });
    const lock = await takeLock(options.runFolder);
    if (lock === undefined) return undefined;
    const front = new Front(options, lock);
    await front.#listen();
    return front;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(join(this.#runFolder, "front.pid"), { force: true });
    rmSync(join(this.#runFolder, "front.sock"), { force: true });
    this.#server.close();
    await this.#tasks[Symbol.asyncDispose]();
    await this.#sandboxes[Symbol.asyncDispose]();
    for (const connection of this.#connections) connection.close();
    this.#lock.close();
  }

  async #listen(): Promise<void> {
    const socket = join(this.#runFolder, "front.sock");
    const temporary = `${socket}.${process.pid}`;
    rmSync(temporary, { force: true });
    this.#server.listen(temporary);
    await once(this.#server, "listening");
    renameSync(temporary, socket);
    const pidFile = join(this.#runFolder, "front.pid");
    writeFileSync(`${pidFile}.new`, `${process.pid} ${ownStartTime()}\n`);
    renameSync(`${pidFile}.new`, pidFile);
  }

  async #handle(request: TtrpcRequest): Promise<TtrpcAnswer> {
    switch (request.service) {
      case "containerd.task.v2.Task":
      case "containerd.task.v3.Task":
        return this.#tasks.handle(request);
      case sandboxServiceName:
        return this.#sandboxes.handle(request);
      case frontService.name:
        return this.#forget(request);
      default:
        throw new ShimError("unimplemented", `service ${request.service} is not served here`);
    }
  }

  async #forget(request: TtrpcRequest): Promise<TtrpcAnswer> {
    const namespace = metadataOf(request, "containerd-namespace-ttrpc") ?? "";
    const { id } = whorl.task.TaskRequest.decode(request.payload);
    await this.#tasks.forget(namespace, id);
    await this.#sandboxes.forget(`${namespace}/${id}`);
    return new Uint8Array();
  }
}

/**
 * A name in the kernel's abstract socket space, which exactly one process can have and which is
 * free again however that process ends.
 */
async function takeLock(runFolder: string): Promise<Server | undefined> {
  const lock = createServer((socket) => socket.destroy());
  lock.listen(`\0whorl-front${runFolder}`);
  try {
    await once(lock, "listening");
    return lock;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw error;
  }
}

/** When this process started, in the kernel's ticks: with the id it names a process for good. */
function ownStartTime(): string {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[19] ?? "";
}
