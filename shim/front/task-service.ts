import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { rmSync } from "node:fs";
import { whorl } from "../../proto/gen/wire.js";
import { errorText, ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import {
  metadataOf,
  type TtrpcAnswer,
  type TtrpcConnection,
  type TtrpcRequest,
} from "../ttrpc/server.ts";
import { findApp, isWithoutProgram, type RootfsMount } from "./app-in-rootfs.ts";
import { readBounded, readStartRecord, startFiles, type StartRecord } from "./bundle.ts";
import { type ContainerSpec, criAnnotations, parseContainerSpec } from "./container-spec.ts";
import { ContainerdClient } from "./containerd-client.ts";
import type { ImageCache } from "./image-cache.ts";
import { EventPublisher } from "./event-publisher.ts";
import type { HostPool } from "./host-pool.ts";
import { StockShim } from "./stock-shim.ts";
import { type TaskApp, WasmTask } from "./wasm-task.ts";
import { wasmTaskMethods } from "./wasm-task-methods.ts";

/** A container that this front answers for. */
type Task =
  | { readonly kind: "wasm"; readonly task: WasmTask }
  | { readonly kind: "ordinary"; readonly shim: StockShim; readonly bundle: string };

export interface TaskServiceOptions {
  readonly hosts: HostPool;
  readonly images: ImageCache;
  /** Process id of a pod that this front serves itself. */
  readonly podPid: (key: string) => number | undefined;
  readonly log: (message: string) => void;
  readonly nowMs: () => number;
}

const { task: wire } = whorl;

/**
 * containerd's task service for every container of the node: Wasm containers are run here, all
 * others are handed to the stock shim of their pod, byte for byte.
 */
export class TaskService implements AsyncDisposable {
  readonly #options: TaskServiceOptions;
  readonly #tasks = new Map<string, Task>();
  /** Stock shims of ordinary containers between Delete and Shutdown. */
  readonly #deleted = new Map<string, StockShim>();
  /** Stock shims that have run their last container; settles when they are gone. */
  readonly #ending = new WeakMap<StockShim, Promise<unknown>>();
  /** By namespace and pod; entries are promises so that a pod's stock shim is started once. */
  readonly #stockShims = new Map<string, Promise<StockShim>>();
  readonly #publishers = new Map<string, EventPublisher>();
  /** Connections over which a container was talked about; they are cut when it is lost. */
  readonly #connections = new Map<string, Set<TtrpcConnection>>();
  #nextId = firstUnprivilegedId;

  constructor(options: TaskServiceOptions) {
    this.#options = options;
  }

  /** Answers a request of containerd.task.v2.Task or containerd.task.v3.Task. */
  async handle(request: TtrpcRequest): Promise<TtrpcAnswer> {
    const { id } = decoded(() => wire.TaskRequest.decode(request.payload));
    const key = taskKey(request, id);
    this.#remember(key, request.connection);
    if (request.method === "Create") return this.#create(key, request);
    const found = this.#tasks.get(key);
    if (request.method === "Shutdown") return this.#shutdown(key, request);
    if (found === undefined) return this.#answerForPod(key, request);
    const answer = await this.#answer(found, request);
    if (request.method === "Delete") this.#onDelete(key, found, request);
    return answer;
  }

  /** Frees what a container holds, however it is; for the clean-up after a lost connection. */
  async forget(namespace: string, id: string): Promise<void> {
    const key = `${namespace}/${id}`;
    const found = this.#tasks.get(key);
    this.#tasks.delete(key);
    this.#deleted.delete(key);
    this.#connections.delete(key);
    if (found?.kind === "wasm") await found.task.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const found of this.#tasks.values()) if (found.kind === "wasm") await found.task.destroy();
    this.#options.hosts[Symbol.dispose]();
    for (const publisher of this.#publishers.values()) await publisher[Symbol.asyncDispose]();
    for (const shim of this.#stockShims.values()) (await shim)[Symbol.dispose]();
  }

  /** containerd asks whether a pod lives by the task service too. */
  #answerForPod(key: string, { method }: TtrpcRequest): Uint8Array {
    const pid = this.#options.podPid(key);
    if (pid === undefined || method !== "Connect") {
      throw new ShimError("not_found", `container ${key} is not known`);
    }
    return wire.ConnectResponse.encode({ shimPid: process.pid, taskPid: pid }).finish();
  }

  /**
   * Comes after Delete. A stock shim that ran its last container ends now; containerd removes the
   * bundle as soon as it has the answer, and with it what the shim needs to remove its socket.
   */
  async #shutdown(key: string, request: TtrpcRequest): Promise<TtrpcAnswer> {
    const shim = this.#deleted.get(key);
    this.#deleted.delete(key);
    if (shim === undefined || shim.closed.aborted) return new Uint8Array();
    const isLast = !this.#isUsed(shim);
    const ended = once(shim.closed, "abort");
    // The pod's next container must not be given to a shim that is about to end.
    if (isLast) this.#ending.set(shim, ended);
    // It may end before it answers.
    await shim.forward(request).catch(() => undefined);
    if (isLast) await Promise.race([ended, stockEnd()]);
    return new Uint8Array();
  }

  #isUsed(shim: StockShim): boolean {
    return [...this.#tasks.values()].some((task) => task.kind === "ordinary" && task.shim === shim);
  }

  #answer(found: Task, request: TtrpcRequest): Promise<TtrpcAnswer> {
    if (found.kind === "ordinary") return forwarded(found.shim, request);
    const method = wasmTaskMethods.get(request.method);
    if (method !== undefined) return method(found.task, request.payload);
    const text = `a Wasm container has no processes to look into: ${request.method} is not possible`;
    throw new ShimError("unimplemented", text);
  }

  async #create(key: string, request: TtrpcRequest): Promise<TtrpcAnswer> {
    const create = decoded(() => wire.CreateTaskRequest.decode(request.payload));
    if (this.#tasks.has(key)) {
      throw new ShimError("already_exists", `container ${create.id} exists already`);
    }
    const { bundle } = create;
    const record = readStartRecord(bundle);
    const config = readBounded(join(bundle, "config.json"), shimLimits.configBytesMax);
    const spec = parseContainerSpec(config);
    const rootfs = create.rootfs as RootfsMount[];
    const app = await this.#findApp(record, spec, rootfs);
    // Another request for the same container may have come meanwhile.
    if (this.#tasks.has(key)) throw new ShimError("already_exists", `${create.id} exists already`);
    if (app === undefined) return this.#createOrdinary(key, { bundle, record, spec, request });
    const task = new WasmTask({
      ...this.#options,
      record,
      bundle,
      spec,
      rootfs,
      app,
      stdin: create.stdin,
      stdout: create.stdout,
      stderr: create.stderr,
      isTerminal: create.terminal,
      unprivilegedId: this.#takeUnprivilegedId(),
      publisher: this.#publisher(record.ttrpcAddress),
    });
    this.#tasks.set(key, { kind: "wasm", task });
    return wire.CreateTaskResponse.encode({ pid: task.pid }).finish();
  }

  /** Asks containerd only where the root has nothing that could be run. */
  async #findApp(
    record: StartRecord,
    spec: ContainerSpec,
    rootfs: readonly RootfsMount[],
  ): Promise<TaskApp | undefined> {
    const found = findApp(spec, rootfs);
    const inRootfs: TaskApp | undefined = found && { kind: "rootfs", path: found.path };
    if (found?.isThere === true || !isWithoutProgram(spec, rootfs)) return inRootfs;
    const { images, log } = this.#options;
    using containerd = new ContainerdClient(record.address, record.namespace);
    try {
      const image = await images.find(record.id, containerd);
      return image.kind === "other" ? inRootfs : image;
    } catch (error) {
      log(`${record.id}: its image cannot be looked into: ${errorText(error)}`);
      return inRootfs;
    }
  }

  async #createOrdinary(
    key: string,
    created: { bundle: string; record: StartRecord; spec: ContainerSpec; request: TtrpcRequest },
  ): Promise<TtrpcAnswer> {
    const { bundle, record, spec, request } = created;
    const pod = spec.annotations.get(criAnnotations.sandboxId) ?? record.id;
    const shim = await this.#stockShim(`${record.namespace}/${pod}`, bundle, record);
    shim.record(bundle);
    this.#tasks.set(key, { kind: "ordinary", shim, bundle });
    const answer = await forwarded(shim, request);
    if (!(answer instanceof Uint8Array)) this.#tasks.delete(key);
    return answer;
  }

  async #stockShim(pod: string, bundle: string, record: StartRecord): Promise<StockShim> {
    const running = await this.#stockShims.get(pod);
    const ending = running && this.#ending.get(running);
    if (running !== undefined && ending === undefined) return running;
    await ending;
    // Others of the pod may have waited as well.
    return this.#stockShims.get(pod) ?? this.#startStockShim(pod, bundle, record);
  }

  #startStockShim(pod: string, bundle: string, record: StartRecord): Promise<StockShim> {
    const started = StockShim.start(bundle, record);
    this.#stockShims.set(pod, started);
    const lost = (): void => {
      if (this.#stockShims.get(pod) === started) this.#stockShims.delete(pod);
    };
    started.then((shim) => {
      shim.closed.addEventListener("abort", () => {
        lost();
        this.#onStockShimGone(shim);
      });
    }, lost);
    return started;
  }

  /** Whatever it still ran is lost: containerd has to hear of it, by a cut connection. */
  #onStockShimGone(shim: StockShim): void {
    for (const [key, task] of this.#tasks) {
      if (task.kind !== "ordinary" || task.shim !== shim) continue;
      this.#tasks.delete(key);
      this.#options.log(`${key}: its shim is gone`);
      for (const connection of this.#connections.get(key) ?? []) connection.close();
    }
  }

  #remember(key: string, connection: TtrpcConnection): void {
    const known = this.#connections.get(key);
    if (known?.has(connection) === true) return;
    const connections = known ?? new Set();
    connections.add(connection);
    this.#connections.set(key, connections);
    const forget = (): void => {
      connections.delete(connection);
      if (connections.size === 0 && this.#connections.get(key) === connections) {
        this.#connections.delete(key);
      }
    };
    connection.closed.addEventListener("abort", forget, { once: true });
  }

  /** An exec's end leaves the container; after the container's own, `delete` has nothing to do. */
  #onDelete(key: string, found: Task, { payload }: TtrpcRequest): void {
    const { execId } = wire.ProcessRequest.decode(payload);
    if (execId !== "") return;
    this.#tasks.delete(key);
    if (found.kind === "ordinary") this.#deleted.set(key, found.shim);
    const bundle = found.kind === "wasm" ? found.task.options.bundle : found.bundle;
    rmSync(join(bundle, startFiles.record), { force: true });
  }

  #publisher(address: string): EventPublisher {
    const known = this.#publishers.get(address);
    if (known !== undefined) return known;
    const publisher = new EventPublisher(address, this.#options.log);
    this.#publishers.set(address, publisher);
    return publisher;
  }

  #takeUnprivilegedId(): number {
    const id = this.#nextId;
    this.#nextId = id === lastUnprivilegedId ? firstUnprivilegedId : id + 1;
    return id;
  }
}

function stockEnd(): Promise<void> {
  return delay(shimLimits.stockEndMsMax, undefined, { ref: false });
}

/** Users and groups that nobody else is expected to use, one for each container. */
const firstUnprivilegedId = 1_900_000_000;
const lastUnprivilegedId = 1_999_999_999;

function taskKey(request: TtrpcRequest, id: string): string {
  const namespace = metadataOf(request, "containerd-namespace-ttrpc");
  if (namespace === undefined || namespace === "") {
    throw new ShimError("invalid_argument", "the request names no containerd namespace");
  }
  return `${namespace}/${id}`;
}

async function forwarded(shim: StockShim, request: TtrpcRequest): Promise<TtrpcAnswer> {
  const { status, payload } = await shim.forward(request);
  return status === undefined || status.code === 0 ? payload : { status };
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw new ShimError("invalid_argument", "the request cannot be decoded", { cause: error });
  }
}
