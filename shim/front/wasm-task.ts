import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { whorl } from "../../proto/gen/wire.js";
import { errorText, ShimError } from "../error.ts";
import type { HostReport, HostSpec } from "../host/protocol.ts";
import { imageFolder } from "../host/scratch-folder.ts";
import type { CachedImage } from "./image-cache.ts";
import type { RootfsMount } from "./app-in-rootfs.ts";
import type { StartRecord } from "./bundle.ts";
import { type Cgroup, openCgroup } from "./cgroup.ts";
import type { ContainerSpec, SpecResources } from "./container-spec.ts";
import { type EventPublisher, toTimestamp } from "./event-publisher.ts";
import type { HostPool } from "./host-pool.ts";
import type { HostProcess } from "./host-process.ts";
import { type OpenOutputs, openOutputs } from "./stdio.ts";
import { terminationPath } from "./termination-path.ts";
import {
  createdState,
  type Exit,
  type TaskEffect,
  type TaskEventKind,
  type TaskInput,
  type TaskState,
  transition,
} from "./task-state.ts";

/** Where the app of a container is. */
export type TaskApp =
  /** Manifest or component, absolute within the root. */
  | { readonly kind: "rootfs"; readonly path: string }
  | { readonly kind: "image"; readonly image: CachedImage }
  /** It cannot be run: the container fails as soon as it is started, and says so in its log. */
  | { readonly kind: "broken"; readonly reason: string };

/** What is known of a Wasm container when it is created. */
export interface WasmTaskOptions {
  readonly record: StartRecord;
  readonly bundle: string;
  readonly spec: ContainerSpec;
  readonly rootfs: readonly RootfsMount[];
  readonly app: TaskApp;
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly isTerminal: boolean;
  /** User and group for a container that asks for root. */
  readonly unprivilegedId: number;
  readonly hosts: HostPool;
  readonly publisher: EventPublisher;
  readonly log: (message: string) => void;
  readonly nowMs: () => number;
}

/** One Wasm container: performs what its states ask for. */
export class WasmTask {
  readonly #options: WasmTaskOptions;
  readonly #cgroup: Cgroup | undefined;
  readonly #host: HostProcess;
  /** Held open until the host process has them, so that containerd never sees their end before. */
  readonly #outputs: OpenOutputs;
  readonly #exited = Promise.withResolvers<Exit>();
  /** What is reported as its process; see {@link reportedPid}. */
  readonly pid: number;
  #state: TaskState = createdState;

  /**
   * Starts the host process, which loads the app but does not serve it yet.
   * @throws ShimError when the container cannot even be set up
   */
  constructor(options: WasmTaskOptions) {
    this.#options = options;
    const { spec } = options;
    this.#cgroup = spec.cgroupPath === undefined ? undefined : openCgroup(spec.cgroupPath);
    this.#cgroup?.limit(spec.resources);
    this.#outputs = openOutputs(options);
    this.#host = options.hosts.take();
    this.#host.listen({
      onReport: (report) => this.#onReport(report),
      onEnd: (status) => void this.#onEnd(status),
    });
    try {
      this.pid = this.#adopt(this.#host.pid);
    } catch (error) {
      void this.destroy();
      throw error;
    }
    this.#host.send({ kind: "prepare", spec: hostSpec(options) });
    this.#publish("create");
  }

  get state(): TaskState {
    return this.#state;
  }

  get options(): WasmTaskOptions {
    return this.#options;
  }

  /** How it ended, once it has. */
  get exited(): Promise<Exit> {
    return this.#exited.promise;
  }

  /** Feeds the state machine. Throws ShimError with the code of its refusal. */
  async apply(input: TaskInput): Promise<void> {
    const step = transition(this.#state, input);
    if ("refused" in step) {
      throw new ShimError(step.refused, `${this.#options.record.id}: ${step.reason}`);
    }
    this.#state = step.next;
    for (const effect of step.effects) await this.#perform(effect);
  }

  /** Changes limits while it runs. */
  update(resources: SpecResources): void {
    this.#cgroup?.limit(resources);
  }

  /** Statistics of its cgroup; undefined for a container without one. */
  stats(): ReturnType<Cgroup["stats"]> | undefined {
    return this.#cgroup?.stats();
  }

  /** Processes as containerd may see them; never empty while the container is there. */
  pids(): number[] {
    return [this.pid];
  }

  /** Ends it and frees what it holds, whatever state it is in and without telling anybody. */
  async destroy(): Promise<void> {
    this.#host.kill();
    await this.#cgroup?.remove();
  }

  /** Puts a host process under the container's rules; gives the process id to report. */
  #adopt(pid: number | undefined): number {
    const { spec, record, log } = this.#options;
    if (pid === undefined) throw new ShimError("internal", "the host process does not start");
    this.#cgroup?.add(pid);
    try {
      // It has the front's, which the kernel ends last.
      writeFileSync(`/proc/${pid}/oom_score_adj`, String(spec.oomScoreAdj));
    } catch (error) {
      log(`${record.id}: its OOM score stays that of the front: ${errorText(error)}`);
    }
    return reportedPid(spec) ?? pid;
  }

  #onReport(report: HostReport): void {
    const { log, record } = this.#options;
    if (report.kind === "adopted") this.#outputs[Symbol.dispose]();
    if (report.kind === "failed") log(`${record.id}: ${report.reason}`);
  }

  async #onEnd(status: number): Promise<void> {
    this.#outputs[Symbol.dispose]();
    const isOutOfMemory = status === 137 && (this.#cgroup?.outOfMemoryKills() ?? 0) > 0;
    const exit = { status, atMs: this.#options.nowMs(), isOutOfMemory };
    await this.apply({ kind: "host-ended", exit });
  }

  async #perform(effect: TaskEffect): Promise<void> {
    switch (effect.kind) {
      case "publish":
        return this.#publish(effect.event);
      case "serve":
      case "drain":
        return this.#host.send({ kind: effect.kind });
      case "kill":
        return this.#host.kill();
      case "freeze":
        return this.#cgroup?.freeze(true);
      case "thaw":
        return this.#cgroup?.freeze(false);
      case "settle":
        return this.#exited.resolve(effect.exit);
      case "release":
        return this.#cgroup?.remove();
    }
  }

  #publish(kind: TaskEventKind | "create"): void {
    const { record, publisher, nowMs } = this.#options;
    const event = { ...this.#event(kind), namespace: record.namespace };
    publisher.publish(event, nowMs());
  }

  #event(kind: TaskEventKind | "create"): { topic: string; type: string; value: Uint8Array } {
    const { TaskStart, TaskExit, TaskDelete, TaskOom, TaskPaused, TaskResumed } = whorl.events;
    const { pid } = this;
    const { id: containerId } = this.#options.record;
    const type = (name: string): string => `containerd.events.Task${name}`;
    switch (kind) {
      case "create":
        return { topic: "/tasks/create", type: type("Create"), value: this.#createEvent() };
      case "start":
        return encoded(kind, type("Start"), TaskStart.encode({ containerId, pid }));
      case "exit": {
        const fields = { containerId, id: containerId, pid, ...this.#exitFields() };
        return encoded(kind, type("Exit"), TaskExit.encode(fields));
      }
      case "delete": {
        const fields = { containerId, pid, ...this.#exitFields() };
        return encoded(kind, type("Delete"), TaskDelete.encode(fields));
      }
      case "oom":
        return encoded(kind, type("OOM"), TaskOom.encode({ containerId }));
      case "paused":
        return encoded(kind, type("Paused"), TaskPaused.encode({ containerId }));
      case "resumed":
        return encoded(kind, type("Resumed"), TaskResumed.encode({ containerId }));
    }
  }

  #createEvent(): Uint8Array {
    const { record, bundle, rootfs, stdin, stdout, stderr, isTerminal } = this.#options;
    return whorl.events.TaskCreate.encode({
      containerId: record.id,
      bundle,
      rootfs: rootfs.map((mount) => ({ ...mount, options: [...mount.options] })),
      io: { stdin, stdout, stderr, terminal: isTerminal },
      pid: this.pid,
    }).finish();
  }

  #exitFields(): { exitStatus: number; exitedAt: ReturnType<typeof toTimestamp> } {
    const exit = exitOf(this.#state);
    return { exitStatus: exit?.status ?? 0, exitedAt: toTimestamp(exit?.atMs ?? 0) };
  }
}

/** How a container in this state ended; undefined while it lives. */
export function exitOf(state: TaskState): Exit | undefined {
  return state.kind === "stopped" || state.kind === "deleted" ? state.exit : undefined;
}

function encoded(
  kind: TaskEventKind,
  type: string,
  writer: { finish(): Uint8Array },
): { topic: string; type: string; value: Uint8Array } {
  return { topic: `/tasks/${kind}`, type, value: writer.finish() };
}

/**
 * The pod's own process where there is one: who joins "the container's process namespace" by this
 * number (an ephemeral debug container) must not get that of the node.
 */
function reportedPid({ network }: ContainerSpec): number | undefined {
  const [, pid] =
    network.kind === "path" ? (/^\/proc\/(\d+)\/ns\/net$/.exec(network.path) ?? []) : [];
  return pid === undefined ? undefined : Number(pid);
}

function appPath(app: TaskApp): string {
  switch (app.kind) {
    case "rootfs":
      return app.path;
    case "image":
      return join(imageFolder, app.image.entry);
    case "broken":
      return "";
  }
}

function hostSpec(options: WasmTaskOptions): HostSpec {
  const { bundle, spec, rootfs, app, unprivilegedId, stdout, stderr } = options;
  const { uid, gid } = spec.user;
  return {
    rootfsPath: join(bundle, "rootfs"),
    rootfs,
    isRootReadOnly: spec.isRootReadOnly,
    mounts: spec.mounts,
    appPath: appPath(app),
    imagePath: app.kind === "image" ? app.image.folder : undefined,
    refusal: app.kind === "broken" ? app.reason : undefined,
    terminationPath: terminationPath(spec),
    arguments: spec.args.slice(1),
    environment: spec.environment,
    uid: uid === 0 ? unprivilegedId : uid,
    gid: gid === 0 ? unprivilegedId : gid,
    groups: spec.additionalGroups.filter((group) => group !== 0),
    network: spec.network,
    outputs: { stdout, stderr },
  };
}
