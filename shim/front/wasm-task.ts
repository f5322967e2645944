import { whorl } from "../../proto/gen/wire.js";
import { ShimError } from "../error.ts";
import type { CachedImage } from "./image-cache.ts";
import type { RootfsMount } from "./app-in-rootfs.ts";
import type { StartRecord } from "./bundle.ts";
import type { ContainerSpec, SpecResources } from "./container-spec.ts";
import { type EventPublisher, toTimestamp } from "./event-publisher.ts";
import type { FrontKernel } from "./front-kernel.ts";
import type { HostPool } from "./host-pool.ts";
import type { HostProcess } from "./host-process.ts";
import type { IsolationMode } from "./isolation.ts";
import type { SharedHosts } from "./shared-hosts.ts";
import { podPid, TaskPlace, type TaskPlaceState } from "./task-place.ts";
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
  readonly sharedHosts: SharedHosts;
  readonly kernel: FrontKernel;
  /** Which pods share a host process, unless they say otherwise. */
  readonly isolation: IsolationMode;
  readonly publisher: EventPublisher;
  readonly log: (message: string) => void;
  readonly nowMs: () => number;
}

/** A container for another program in this process that goes on with it. */
export interface WasmTaskState extends Pick<
  WasmTaskOptions,
  | "record"
  | "bundle"
  | "rootfs"
  | "app"
  | "stdin"
  | "stdout"
  | "stderr"
  | "isTerminal"
  | "unprivilegedId"
> {
  readonly pid: number;
  readonly state: TaskState;
  readonly place: TaskPlaceState;
}

/** One Wasm container: performs what its states ask for. */
export class WasmTask {
  readonly #options: WasmTaskOptions;
  readonly #place: TaskPlace;
  readonly #exited = Promise.withResolvers<Exit>();
  /** What is reported as its process; see {@link podPid}. */
  readonly pid: number;
  #state: TaskState = createdState;

  /**
   * Finds a host process, which loads the app but does not serve it yet. `adopted`: it is there
   * already, as {@link handOver} has told.
   * @throws ShimError when the container cannot even be set up
   */
  constructor(
    options: WasmTaskOptions,
    adopted?: { readonly state: WasmTaskState; readonly host: HostProcess | undefined },
  ) {
    this.#options = options;
    const listener = { onEnd: this.#onEnd.bind(this) };
    if (adopted !== undefined) {
      const { state, host } = adopted;
      this.#place = new TaskPlace(options, listener, { state: state.place, host });
      this.pid = state.pid;
      this.#state = state.state;
      const exit = exitOf(this.#state);
      if (exit !== undefined) this.#exited.resolve(exit);
      return;
    }
    this.#place = new TaskPlace(options, listener);
    try {
      this.#place.prepare();
    } catch (error) {
      void this.destroy();
      throw error;
    }
    this.pid = podPid(options.spec) ?? this.#place.pid ?? 0;
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
    if (input.kind === "pause" && !this.#place.canFreeze) {
      throw new ShimError("unimplemented", `${this.#options.record.id} shares its process`);
    }
    this.#state = step.next;
    for (const effect of step.effects) await this.#perform(effect);
  }

  /** What another program in this process needs to go on; `keep` is told what must stay open. */
  handOver(keep: (descriptor: number) => void): WasmTaskState {
    const { record, bundle, rootfs, app, stdin, stdout, stderr, isTerminal, unprivilegedId } =
      this.#options;
    const known = {
      record,
      bundle,
      rootfs,
      app,
      stdin,
      stdout,
      stderr,
      isTerminal,
      unprivilegedId,
    };
    return { ...known, pid: this.pid, state: this.#state, place: this.#place.handOver(keep) };
  }

  /** Changes limits while it runs. */
  update(resources: SpecResources): void {
    this.#place.update(resources);
  }

  /** Statistics; undefined for a container with a process, but no cgroup of its own. */
  stats(): ReturnType<TaskPlace["stats"]> {
    return this.#place.stats();
  }

  /** Processes as containerd may see them; never empty while the container is there. */
  pids(): number[] {
    return [this.pid];
  }

  /** Ends it and frees what it holds, whatever state it is in and without telling anybody. */
  async destroy(): Promise<void> {
    this.#place.kill();
    await this.#place.release();
  }

  #onEnd(status: number, isOutOfMemory: boolean): void {
    const exit = { status, atMs: this.#options.nowMs(), isOutOfMemory };
    void this.apply({ kind: "host-ended", exit });
  }

  async #perform(effect: TaskEffect): Promise<void> {
    switch (effect.kind) {
      case "publish":
        return this.#publish(effect.event);
      case "serve":
        return this.#place.serve();
      case "drain":
        return this.#place.drain();
      case "kill":
        return this.#place.kill();
      case "freeze":
        return this.#place.freeze(true);
      case "thaw":
        return this.#place.freeze(false);
      case "settle":
        return this.#exited.resolve(effect.exit);
      case "release":
        return this.#place.release();
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
