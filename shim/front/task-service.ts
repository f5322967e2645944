import { rmSync } from "node:fs";
import { join } from "node:path";
import { whorl } from "../../proto/gen/wire.js";
import { errorText, ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import { metadataOf, type TtrpcAnswer, type TtrpcRequest } from "../ttrpc/server.ts";
import type { AdoptedChildren } from "./adopted-child.ts";
import type { RootfsMount } from "./app-in-rootfs.ts";
import { readBounded, startFiles, type StartRecord, writeWasmRecord } from "./bundle.ts";
import { cgroupFolders } from "./cgroup.ts";
import { type ContainerSpec, criAnnotations, parseContainerSpec } from "./container-spec.ts";
import { EventPublisher, type PublisherState } from "./event-publisher.ts";
import { findTaskApp } from "./find-task-app.ts";
import type { FrontKernel } from "./front-kernel.ts";
import type { HostPool } from "./host-pool.ts";
import { HostProcess } from "./host-process.ts";
import type { ImageCache } from "./image-cache.ts";
import type { IsolationMode } from "./isolation.ts";
import { containerRecord } from "./join-pod.ts";
import { SharedHosts, type SharedHostsState } from "./shared-hosts.ts";
import type { StockAddress, StockShim } from "./stock-shim.ts";
import { StockShims } from "./stock-shims.ts";
import { TaskConnections } from "./task-connections.ts";
import { WasmTask, type WasmTaskState } from "./wasm-task.ts";
import { wasmTaskMethods } from "./wasm-task-methods.ts";

/** A container that this front answers for. */
type Task =
  | { readonly kind: "wasm"; readonly task: WasmTask }
  | { readonly kind: "ordinary"; readonly shim: StockShim; readonly bundle: string };

export interface TaskServiceOptions {
  /** Process id and start time of this front. */
  readonly front: string;
  readonly hosts: HostPool;
  readonly kernel: FrontKernel;
  /** Which pods share a host process, unless they say otherwise. */
  readonly isolation: IsolationMode;
  readonly images: ImageCache;
  /** Process id of a pod that this front serves itself. */
  readonly podPid: (key: string) => number | undefined;
  /** Bundle of such a pod. */
  readonly podBundle: (key: string) => string | undefined;
  readonly log: (message: string) => void;
  readonly nowMs: () => number;
}

/** All containers for another program in this process that goes on with them. */
export interface TaskServiceState {
  readonly nextId: number;
  readonly sharedHosts: SharedHostsState;
  readonly wasm: readonly { readonly key: string; readonly task: WasmTaskState }[];
  /** Stock shims by pod, with their containers' bundles and those between Delete and Shutdown. */
  readonly pods: readonly {
    readonly pod: string;
    readonly address: StockAddress;
    readonly containers: readonly { readonly key: string; readonly bundle: string }[];
    readonly deleted: readonly string[];
  }[];
  readonly publishers: readonly PublisherState[];
}

const { task: wire } = whorl;

/**
 * containerd's task service for every container of the node: Wasm containers are run here, all
 * others are handed to the stock shim of their pod, byte for byte.
 */
export class TaskService implements AsyncDisposable {
  readonly #options: TaskServiceOptions;
  readonly #tasks = new Map<string, Task>();
  readonly #sharedHosts: SharedHosts;
  /** Stock shims of ordinary containers between Delete and Shutdown. */
  readonly #deleted = new Map<string, StockShim>();
  readonly #stockShims = new StockShims((shim) => this.#onStockShimGone(shim));
  readonly #publishers = new Map<string, EventPublisher>();
  /** Connections over which a container was talked about. */
  readonly connections = new TaskConnections();
  #nextId = firstUnprivilegedId;

  constructor(options: TaskServiceOptions) {
    this.#options = options;
    this.#sharedHosts = new SharedHosts(options);
  }

  /** Answers a request of containerd.task.v2.Task or containerd.task.v3.Task. */
  async handle(request: TtrpcRequest): Promise<TtrpcAnswer> {
    const { id } = decoded(() => wire.TaskRequest.decode(request.payload));
    const key = taskKey(request, id);
    const answer = request.method === "Create" ? await this.#create(key, request) : undefined;
    const found = this.#tasks.get(key);
    if (found !== undefined) this.connections.add(key, request.connection);
    if (answer !== undefined) return answer;
    if (request.method === "Shutdown") return this.#shutdown(key, request);
    if (found === undefined) return this.#answerForPod(key, request);
    const answered = await this.#answer(found, request);
    if (request.method === "Delete") this.#onDelete(key, found, request);
    return answered;
  }

  /** Frees what a container holds, however it is; for the clean-up after a lost connection. */
  async forget(namespace: string, id: string): Promise<void> {
    const key = `${namespace}/${id}`;
    const found = this.#tasks.get(key);
    this.#tasks.delete(key);
    this.#deleted.delete(key);
    this.connections.delete(key);
    if (found?.kind === "wasm") await found.task.destroy();
  }

  /** Ends processes that wait for containers: another program would not know of them. */
  endSpares(): void {
    this.#options.hosts[Symbol.dispose]();
    this.#sharedHosts.endSpares();
  }

  /**
   * What another program in this process needs to go on; `keep` is told what must stay open. Changes
   * nothing.
   */
  handOver(keep: (descriptor: number) => void): TaskServiceState {
    return {
      nextId: this.#nextId,
      sharedHosts: this.#sharedHosts.handOver(keep),
      wasm: [...this.#tasks].flatMap(([key, found]) =>
        found.kind === "wasm" ? [{ key, task: found.task.handOver(keep) }] : [],
      ),
      pods: [...this.#stockShims.running].map(([pod, shim]) => ({
        pod,
        address: shim.address,
        containers: [...this.#tasks].flatMap(([key, found]) =>
          found.kind === "ordinary" && found.shim === shim ? [{ key, bundle: found.bundle }] : [],
        ),
        deleted: [...this.#deleted].flatMap(([key, each]) => (each === shim ? [key] : [])),
      })),
      publishers: [...this.#publishers.values()].map((publisher) => publisher.handOver()),
    };
  }

  /** Goes on with what {@link handOver} gave; for what cannot be found see {@link cutLost}. */
  async adopt(state: TaskServiceState, children: AdoptedChildren): Promise<void> {
    this.#nextId = state.nextId;
    for (const publisher of state.publishers) {
      this.#publishers.set(publisher.address, EventPublisher.adopt(publisher, this.#options.log));
    }
    this.#sharedHosts.adopt(state.sharedHosts, children);
    for (const { key, task } of state.wasm) this.#adoptWasm(key, task, children);
    await Promise.all(state.pods.map((pod) => this.#adoptPod(pod)));
  }

  /** Lets containerd hear of what {@link adopt} has not found, once its connections are known. */
  cutLost({ wasm, pods }: TaskServiceState): void {
    for (const { key } of [...wasm, ...pods.flatMap(({ containers }) => containers)]) {
      if (!this.#tasks.has(key)) this.connections.cut(key);
    }
  }

  #adoptWasm(key: string, state: WasmTaskState, children: AdoptedChildren): void {
    const { host: hostState } = state.place;
    const { kernel } = this.#options;
    const host =
      hostState.kind === "own"
        ? HostProcess.adopt(children.adopt(hostState), hostState, kernel)
        : undefined;
    try {
      const config = readBounded(join(state.bundle, "config.json"), shimLimits.configBytesMax);
      const publisher = this.#publisher(state.record.ttrpcAddress);
      const spec = parseContainerSpec(config);
      const sharedHosts = this.#sharedHosts;
      const options = { ...this.#options, ...state, spec, publisher, sharedHosts };
      const task = new WasmTask(options, { state, host });
      this.#tasks.set(key, { kind: "wasm", task });
    } catch (error) {
      this.#options.log(`${key} is lost: ${errorText(error)}`);
      host?.kill();
    }
  }

  async #adoptPod(state: TaskServiceState["pods"][number]): Promise<void> {
    const { pod, address, containers, deleted } = state;
    try {
      const shim = await this.#stockShims.adopt(pod, address);
      for (const { key, bundle } of containers) {
        this.#tasks.set(key, { kind: "ordinary", shim, bundle });
      }
      for (const key of deleted) this.#deleted.set(key, shim);
    } catch (error) {
      this.#options.log(`${pod}: its shim is gone: ${errorText(error)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const found of this.#tasks.values()) if (found.kind === "wasm") await found.task.destroy();
    await this.#sharedHosts[Symbol.asyncDispose]();
    this.#options.hosts[Symbol.dispose]();
    for (const publisher of this.#publishers.values()) await publisher[Symbol.asyncDispose]();
    await this.#stockShims[Symbol.asyncDispose]();
  }

  /** containerd asks whether a pod lives by the task service too. */
  #answerForPod(key: string, { method }: TtrpcRequest): Uint8Array {
    const pid = this.#options.podPid(key);
    if (pid === undefined || method !== "Connect") {
      throw new ShimError("not_found", `container ${key} is not known`);
    }
    return wire.ConnectResponse.encode({ shimPid: process.pid, taskPid: pid }).finish();
  }

  /** Comes after Delete. */
  async #shutdown(key: string, request: TtrpcRequest): Promise<TtrpcAnswer> {
    const shim = this.#deleted.get(key);
    this.#deleted.delete(key);
    if (shim !== undefined) await this.#stockShims.shutDown(shim, request, !this.#isUsed(shim));
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
    const podBundle = (pod: string): string | undefined =>
      this.#options.podBundle(taskKey(request, pod));
    const record = containerRecord(bundle, create.id, podBundle);
    const config = readBounded(join(bundle, "config.json"), shimLimits.configBytesMax);
    const spec = parseContainerSpec(config);
    const rootfs = create.rootfs as RootfsMount[];
    const app = await findTaskApp({ record, spec, rootfs }, this.#options);
    // Another request for the same container may have come meanwhile.
    if (this.#tasks.has(key)) throw new ShimError("already_exists", `${create.id} exists already`);
    if (app === undefined) return this.#createOrdinary(key, { bundle, record, spec, request });
    const { cgroupPath } = spec;
    const folders = cgroupPath === undefined ? [] : cgroupFolders(cgroupPath);
    writeWasmRecord(bundle, this.#options.front, folders);
    const task = new WasmTask({
      ...this.#options,
      sharedHosts: this.#sharedHosts,
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

  async #createOrdinary(
    key: string,
    created: { bundle: string; record: StartRecord; spec: ContainerSpec; request: TtrpcRequest },
  ): Promise<TtrpcAnswer> {
    const { bundle, record, spec, request } = created;
    const pod = spec.annotations.get(criAnnotations.sandboxId) ?? record.id;
    const shim = await this.#stockShims.of(`${record.namespace}/${pod}`, bundle, record);
    shim.record(bundle);
    this.#tasks.set(key, { kind: "ordinary", shim, bundle });
    const answer = await forwarded(shim, request);
    if (answer instanceof Uint8Array) return answer;
    this.#tasks.delete(key);
    this.#options.log(`Create of ${record.id}: ${answer.status.message}`);
    return answer;
  }

  /** Whatever it still ran is lost: containerd has to hear of it, by a cut connection. */
  #onStockShimGone(shim: StockShim): void {
    for (const [key, task] of this.#tasks) {
      if (task.kind !== "ordinary" || task.shim !== shim) continue;
      this.#tasks.delete(key);
      this.#options.log(`${key}: its shim is gone`);
      this.connections.cut(key);
    }
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
