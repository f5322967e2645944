import { once } from "node:events";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { whorl } from "../../proto/gen/wire.js";
import { errorText, ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import {
  TtrpcConnection,
  metadataOf,
  type TtrpcAnswer,
  type TtrpcRequest,
} from "../ttrpc/server.ts";
import { version } from "../version.ts";
import { AdoptedChildren, childrenOfThisProcess } from "./adopted-child.ts";
import { frontService, type HandOverAnswer } from "./front-service.ts";
import {
  becomeProgram,
  type FrontProgram,
  type FrontState,
  handOverFormat,
  parseFrontProgram,
  tryProgram,
} from "./hand-over.ts";
import { frontKernel } from "./front-kernel.ts";
import { HostPool } from "./host-pool.ts";
import { ImageCache } from "./image-cache.ts";
import type { IsolationMode } from "./isolation.ts";
import { prepareOnRequest } from "./prepare-request.ts";
import { processCalls } from "./process-calls.ts";
import { SandboxService, sandboxServiceName } from "./sandbox-service.ts";
import { TaskService } from "./task-service.ts";

export interface FrontOptions {
  /** Folder of socket, process id and cache; only root may enter it. */
  readonly runFolder: string;
  /** Folder of what outlives the front: prepared images. */
  readonly cacheFolder: string;
  /** What this front is started with. */
  readonly program: FrontProgram;
  /** Which pods share a host process, unless they say otherwise. */
  readonly isolation: IsolationMode;
  /** Where programs are found. */
  readonly path: string;
  readonly log: (message: string) => void;
  readonly nowMs: () => number;
}

/** The node's front: one process that answers containerd for every container. */
export class Front implements AsyncDisposable {
  readonly #options: FrontOptions;
  readonly #tasks: TaskService;
  readonly #sandboxes: SandboxService;
  readonly #images: ImageCache;
  readonly #server: Server;
  readonly #lock: Server;
  readonly #connections = new Set<TtrpcConnection>();
  /** Process id and start time: they name this process for good. */
  readonly #identity = `${process.pid} ${ownStartTime()}`;
  /** Why a program that was to take over did not. */
  #failure: string | undefined;
  #isHandingOver = false;

  private constructor(options: FrontOptions, lock: Server) {
    this.#options = options;
    this.#lock = lock;
    this.#sandboxes = new SandboxService(options.nowMs);
    const kernel = frontKernel();
    this.#images = new ImageCache({
      folder: join(options.cacheFolder, `images-${version}`),
      path: options.path,
      log: options.log,
    });
    this.#tasks = new TaskService({
      front: this.#identity,
      podPid: (key) => this.#sandboxes.pidOf(key),
      podBundle: (key) => this.#sandboxes.bundleOf(key),
      log: options.log,
      nowMs: options.nowMs,
      kernel,
      isolation: options.isolation,
      images: this.#images,
      hosts: new HostPool({
        path: options.path,
        compileCache: join(options.runFolder, "compile-cache"),
        kernel,
      }),
    });
    this.#server = createServer((socket) => {
      this.#add(new TtrpcConnection(socket, (request) => this.#handle(request)));
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

  /**
   * Goes on where another program left off in this process. Nothing is read from anybody before
   * everything else is done, so that until then there is a way back.
   */
  static async adopt(options: FrontOptions, state: FrontState): Promise<Front> {
    const calls = processCalls();
    const lock = createServer((socket) => socket.destroy());
    lock.listen({ fd: state.lock });
    await once(lock, "listening");
    const front = new Front(options, lock);
    const children = new AdoptedChildren(calls, state.children);
    front.#failure = state.failure;
    front.#sandboxes.adopt(state.sandboxes, children);
    await front.#tasks.adopt(state.tasks, children);
    front.#server.listen({ fd: state.server });
    await once(front.#server, "listening");
    for (const descriptor of state.descriptors) calls.keepAtExec(descriptor, false);
    children.begin();
    for (const each of state.connections) {
      const connection = TtrpcConnection.adopt(
        each.connection,
        (request) => front.#handle(request),
        (request) => front.#resume(request),
      );
      front.#add(connection);
      for (const key of each.containers) front.#tasks.connections.add(key, connection);
    }
    front.#tasks.cutLost(state.tasks);
    front.#sign("front.joins");
    return front;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { runFolder } = this.#options;
    for (const name of ["front.pid", "front.joins", "front.sock"]) {
      rmSync(join(runFolder, name), { force: true });
    }
    this.#server.close();
    await this.#tasks[Symbol.asyncDispose]();
    await this.#sandboxes[Symbol.asyncDispose]();
    for (const connection of this.#connections) connection.close();
    this.#lock.close();
  }

  async #listen(): Promise<void> {
    const { runFolder } = this.#options;
    const socket = join(runFolder, "front.sock");
    const temporary = `${socket}.${process.pid}`;
    rmSync(temporary, { force: true });
    this.#server.listen(temporary);
    await once(this.#server, "listening");
    renameSync(temporary, socket);
    this.#sign("front.joins");
    this.#sign("front.pid");
  }

  /** Tells those who run `start` that this process is there, or what it can do. */
  #sign(name: string): void {
    const file = join(this.#options.runFolder, name);
    writeFileSync(`${file}.new`, `${this.#identity}\n`);
    renameSync(`${file}.new`, file);
  }

  #add(connection: TtrpcConnection): void {
    this.#connections.add(connection);
    connection.closed.addEventListener("abort", () => this.#connections.delete(connection));
    // One that comes while nothing may be read any more.
    if (this.#isHandingOver) connection.pause();
  }

  async #handle(request: TtrpcRequest): Promise<TtrpcAnswer> {
    try {
      return await this.#answer(request);
    } catch (error) {
      const isMistake = ShimError.fromUnknown(error).code === "internal";
      if (isMistake || settingUp.has(request.method)) {
        this.#options.log(`${request.method} of ${idOf(request)}: ${errorText(error)}`);
      }
      throw error;
    }
  }

  #answer(request: TtrpcRequest): Promise<TtrpcAnswer> {
    switch (request.service) {
      case "containerd.task.v2.Task":
      case "containerd.task.v3.Task":
        return this.#tasks.handle(request);
      case sandboxServiceName:
        return this.#sandboxes.handle(request);
      case frontService.name:
        return this.#handleOwn(request);
      default:
        throw new ShimError("unimplemented", `service ${request.service} is not served here`);
    }
  }

  async #handleOwn(request: TtrpcRequest): Promise<TtrpcAnswer> {
    switch (request.method) {
      case frontService.forget:
        return this.#forget(request);
      case frontService.handOver:
        return this.#handOver(parseFrontProgram(request.payload));
      case frontService.prepare:
        return Buffer.from(JSON.stringify(await prepareOnRequest(request.payload, this.#images)));
      default:
        throw new ShimError("unimplemented", `${request.method} is not served here`);
    }
  }

  /** A request that an earlier program had taken. */
  async #resume(request: TtrpcRequest): Promise<TtrpcAnswer> {
    const { service, method } = request;
    if (service !== frontService.name || method !== frontService.handOver) {
      return this.#handle(request);
    }
    if (this.#failure !== undefined) throw new ShimError("internal", this.#failure);
    const answer: HandOverAnswer = { version, pid: process.pid };
    return Buffer.from(JSON.stringify(answer));
  }

  async #forget(request: TtrpcRequest): Promise<TtrpcAnswer> {
    const namespace = metadataOf(request, "containerd-namespace-ttrpc") ?? "";
    const { id } = whorl.task.TaskRequest.decode(request.payload);
    await this.#tasks.forget(namespace, id);
    await this.#sandboxes.forget(`${namespace}/${id}`);
    return new Uint8Array();
  }

  /** Settles only if it fails: the answer is given by the program that goes on. */
  async #handOver(next: FrontProgram): Promise<TtrpcAnswer> {
    if (this.#isHandingOver) throw new ShimError("unavailable", "another hand-over is under way");
    this.#isHandingOver = true;
    try {
      await tryProgram(next);
      for (const connection of this.#connections) connection.pause();
      await this.#untilQuiet();
      this.#become(next);
    } catch (error) {
      this.#isHandingOver = false;
      for (const connection of this.#connections) connection.resume();
      throw error;
    }
  }

  #become(next: FrontProgram): never {
    const { runFolder, cacheFolder, program, log } = this.#options;
    log(`becomes ${next.program}`);
    const state = this.#state(program);
    this.#tasks.endSpares();
    // Whoever goes on says it again, if it knows such containers.
    rmSync(join(runFolder, "front.joins"), { force: true });
    try {
      becomeProgram(next, [runFolder, cacheFolder], { state, calls: processCalls() });
    } finally {
      this.#sign("front.joins");
    }
  }

  async #untilQuiet(): Promise<void> {
    const isQuiet = (): boolean =>
      [...this.#connections].every((connection) => connection.isQuiet(isEndless));
    for (let waitedMs = 0; waitedMs < shimLimits.quietMsMax; waitedMs += quietPollMs) {
      await delay(quietPollMs);
      if (isQuiet()) return;
    }
    const text = `requests were still in work after ${shimLimits.quietMsMax} ms: try again`;
    throw new ShimError("unavailable", text);
  }

  #state(previous: FrontProgram): FrontState {
    const descriptors: number[] = [];
    const keep = (descriptor: number): number => descriptors.push(descriptor);
    const connections = [...this.#connections].flatMap((each) => {
      const connection = each.handOver();
      if (connection === undefined) return [];
      keep(connection.descriptor);
      return [{ connection, containers: this.#tasks.connections.tasksOf(each) }];
    });
    const [lock, server] = [this.#lock, this.#server].map(descriptorOf) as [number, number];
    keep(lock);
    keep(server);
    return {
      format: handOverFormat,
      lock,
      server,
      connections,
      tasks: this.#tasks.handOver(keep),
      sandboxes: this.#sandboxes.handOver(),
      children: childrenOfThisProcess(),
      descriptors,
      previous,
      failure: undefined,
    };
  }
}

const quietPollMs = 2;

/** What should always work; that other requests are refused is nothing special. */
const settingUp: ReadonlySet<string> = new Set(["Create", "CreateSandbox", "StartSandbox"]);

/** Of whatever the request is about, for messages. */
function idOf({ payload }: TtrpcRequest): string {
  try {
    return whorl.task.TaskRequest.decode(payload).id;
  } catch {
    return "something";
  }
}

/** Requests whose answer is that something has ended. */
function isEndless({ service, method }: Pick<TtrpcRequest, "service" | "method">): boolean {
  return (
    method === "Wait" ||
    method === "WaitSandbox" ||
    (service === frontService.name && method === frontService.handOver)
  );
}

function descriptorOf(server: Server): number {
  // Node has no other way to it.
  return (server as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
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

/** When this process started, in the kernel's ticks. */
function ownStartTime(): string {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[19] ?? "";
}
