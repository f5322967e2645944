import { writeFileSync } from "node:fs";
import { errorText, ShimError } from "../error.ts";
import { type Cgroup, type CgroupStats, openCgroup, usageStats } from "./cgroup.ts";
import type { ContainerSpec, SpecResources } from "./container-spec.ts";
import type { HostProcess, HostProcessState } from "./host-process.ts";
import { HostSeat, type HostSeatState } from "./host-seat.ts";
import { chooseIsolation } from "./isolation.ts";
import { OwnHost } from "./own-host.ts";
import { ownHostSpec } from "./own-host-spec.ts";
import type { SharedHost } from "./shared-host.ts";
import { stateFolder } from "./state-folder.ts";
import { adoptOutputs, type OpenOutputs, openOutputs } from "./stdio.ts";
import type { TaskHost } from "./task-host.ts";
import { terminationPath } from "./termination-path.ts";
import type { WasmTaskOptions } from "./wasm-task.ts";

/** What a container hears of its place. */
export interface PlaceListener {
  /** `isOutOfMemory`: the kernel ended it because of its memory limit. */
  onEnd(status: number, isOutOfMemory: boolean): void;
}

/** A place for another program in this process that goes on with it. */
export interface TaskPlaceState {
  readonly host:
    | ({ readonly kind: "own" } & HostProcessState)
    | ({ readonly kind: "seat" } & HostSeatState)
    /** Nothing is left of it but its cgroup, if it has one of its own. */
    | { readonly kind: "ended"; readonly hasCgroup: boolean };
  readonly isServed: boolean;
  /** Descriptors that the host process has not opened itself yet. */
  readonly outputs: { readonly stdout: number; readonly stderr: number } | undefined;
}

/** What an earlier front has left; `host` for a container with a process of its own. */
export interface AdoptedPlace {
  readonly state: TaskPlaceState;
  readonly host: HostProcess | undefined;
}

/**
 * Where a container's guests run, with the rules that hold there: a seat in a process of several
 * containers where that is possible, else a process and a cgroup of its own.
 */
export class TaskPlace {
  readonly #options: WasmTaskOptions;
  readonly #listener: PlaceListener;
  /** Held open until the host process has them, so that containerd never sees their end before. */
  readonly #outputs: OpenOutputs;
  #cgroup: Cgroup | undefined;
  #host: TaskHost;
  /** Of a host that is shared. */
  #domain = "";
  #isServed = false;
  #hasEnded = false;

  /** `adopted`: it is there already, as {@link handOver} has told. */
  constructor(options: WasmTaskOptions, listener: PlaceListener, adopted?: AdoptedPlace) {
    this.#options = options;
    this.#listener = listener;
    if (adopted === undefined) {
      this.#outputs = openOutputs(options);
      this.#host = this.#choose();
      return;
    }
    const { state, host } = adopted;
    this.#outputs = adoptOutputs(state.outputs);
    this.#isServed = state.isServed;
    this.#hasEnded = state.host.kind === "ended";
    this.#host = this.#adopt(state.host, host);
  }

  #adopt(state: TaskPlaceState["host"], host: HostProcess | undefined): TaskHost {
    switch (state.kind) {
      case "own":
        this.#cgroup = this.#openCgroup();
        return this.#listenTo(new OwnHost(adoptedProcess(host), ownHostSpec(this.#options)));
      case "seat":
        this.#domain = state.domain;
        return this.#takeSeat(this.#options.sharedHosts.known(state.domain), state);
      case "ended":
        if (state.hasCgroup) this.#cgroup = this.#openCgroup();
        return endedHost;
    }
  }

  /** Starts to load the app. Throws ShimError `internal` if there is no process. */
  prepare(): void {
    if (this.#host.pid === undefined) {
      throw new ShimError("internal", "the host process does not start");
    }
    this.#host.prepare();
  }

  /** Process that runs the guests; undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#host.pid;
  }

  serve(): void {
    this.#isServed = true;
    this.#host.serve();
  }

  drain(): void {
    this.#host.drain();
  }

  kill(): void {
    this.#host.kill();
  }

  /** Whether its guests can be halted without anybody else's. */
  get canFreeze(): boolean {
    return this.#cgroup !== undefined;
  }

  freeze(frozen: boolean): void {
    this.#cgroup?.freeze(frozen);
  }

  /**
   * Changes limits while it runs.
   * @throws ShimError `unimplemented` for one that shares its process
   */
  update(resources: SpecResources): void {
    if (this.#cgroup !== undefined) return this.#cgroup.limit(resources);
    const { memoryBytes = 0, cpuQuotaUs = 0 } = resources;
    if (memoryBytes <= 0 && cpuQuotaUs <= 0) return;
    const text = 'it shares its process with others: start it with limits, or with isolation "pod"';
    throw new ShimError("unimplemented", `${this.#options.record.id}: ${text}`);
  }

  /** Statistics; undefined for a container with a process, but no cgroup of its own. */
  async stats(): Promise<CgroupStats | undefined> {
    const usage = await this.#host.usage();
    return usage === undefined ? this.#cgroup?.stats() : usageStats(usage);
  }

  /** Frees what is left when its guests have ended, or ends them. */
  async release(): Promise<void> {
    this.#outputs[Symbol.dispose]();
    await this.#cgroup?.remove();
  }

  /** What another program in this process needs to go on; `keep` is told what must stay open. */
  handOver(keep: (descriptor: number) => void): TaskPlaceState {
    const { isOpen, stdout, stderr } = this.#outputs;
    const outputs = isOpen ? { stdout, stderr } : undefined;
    const host = this.#handOverHost();
    for (const each of [outputs?.stdout, outputs?.stderr, ...descriptorsOf(host)]) {
      if (each !== undefined) keep(each);
    }
    return { host, outputs, isServed: this.#isServed };
  }

  #handOverHost(): TaskPlaceState["host"] {
    const host = this.#host;
    if (this.#hasEnded) return { kind: "ended", hasCgroup: this.#cgroup !== undefined };
    if (host instanceof HostSeat) return { kind: "seat", ...host.handOver(this.#domain) };
    if (host instanceof OwnHost) return { kind: "own", ...host.handOver() };
    throw new ShimError("internal", "there is no third kind of host");
  }

  #choose(): TaskHost {
    const { spec, app, isolation: nodeDefault, log, record, sharedHosts } = this.#options;
    const isolation = chooseIsolation({ spec, appKind: app.kind, nodeDefault });
    if (isolation.kind === "pod" || app.kind === "rootfs") {
      const { reason } = isolation.kind === "pod" ? isolation : { reason: undefined };
      if (reason !== undefined) log(`${record.id} gets a process of its own: ${reason}`);
      return this.#takeOwn();
    }
    const { cgroupPath } = spec;
    const { unprivilegedId } = this.#options;
    this.#domain = isolation.domain;
    return this.#takeSeat(sharedHosts.of(isolation.domain, { cgroupPath, unprivilegedId }));
  }

  #takeSeat(host: SharedHost | undefined, adopted?: HostSeatState): TaskHost {
    const { spec, app, kernel } = this.#options;
    if (host === undefined || app.kind === "rootfs") {
      throw new ShimError("internal", "there is no process to share");
    }
    const seat = {
      ...{ spec, app, kernel, outputs: this.#outputs },
      terminationPath: terminationPath(spec),
      stateFolder: stateFolder(this.#options, host.id),
    };
    return this.#listenTo(new HostSeat(host, seat, adopted));
  }

  #takeOwn(): TaskHost {
    const { spec, record, log, hosts } = this.#options;
    this.#cgroup = this.#openCgroup();
    this.#cgroup?.limit(spec.resources);
    const host = this.#listenTo(new OwnHost(hosts.take(), ownHostSpec(this.#options)));
    const { pid } = host;
    if (pid === undefined) return host;
    this.#cgroup?.add(pid);
    try {
      // It has the front's, which the kernel ends last.
      writeFileSync(`/proc/${pid}/oom_score_adj`, String(spec.oomScoreAdj));
    } catch (error) {
      log(`${record.id}: its OOM score stays that of the front: ${errorText(error)}`);
    }
    return host;
  }

  #openCgroup(): Cgroup | undefined {
    const { cgroupPath } = this.#options.spec;
    return cgroupPath === undefined ? undefined : openCgroup(cgroupPath);
  }

  #listenTo(host: TaskHost): TaskHost {
    const { log, record } = this.#options;
    host.listen({
      onAdopted: () => this.#outputs[Symbol.dispose](),
      onFailed: (reason) => log(`${record.id}: ${reason}`),
      onUnsuitable: (reason) => this.#move(reason),
      onEnd: (status) => this.#end(status),
    });
    return host;
  }

  /** To a process of its own. */
  #move(reason: string): void {
    const { log, record } = this.#options;
    log(`${record.id} gets a process of its own: ${reason}`);
    try {
      this.#host = this.#takeOwn();
      this.prepare();
      if (this.#isServed) this.#host.serve();
    } catch (error) {
      log(`${record.id}: ${errorText(error)}`);
      this.#end(failed);
    }
  }

  #end(status: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#outputs[Symbol.dispose]();
    const isOutOfMemory = status === killed && (this.#cgroup?.outOfMemoryKills() ?? 0) > 0;
    this.#listener.onEnd(status, isOutOfMemory);
  }
}

function descriptorsOf(host: TaskPlaceState["host"]): readonly (number | undefined)[] {
  switch (host.kind) {
    case "own":
      return [host.channel, host.passing];
    case "seat":
      return [host.network];
    case "ended":
      return [];
  }
}

/** Of a container whose guests had ended before this front went on with it. */
const endedHost: TaskHost = {
  pid: undefined,
  listen: () => undefined,
  prepare: () => undefined,
  serve: () => undefined,
  drain: () => undefined,
  kill: () => undefined,
  usage: () => Promise.resolve(undefined),
};

function adoptedProcess(host: HostProcess | undefined): HostProcess {
  if (host === undefined) throw new ShimError("internal", "there is no process to go on with");
  return host;
}

const killed = 137;
const failed = 1;

/**
 * The pod's own process where there is one: who joins "the container's process namespace" by this
 * number (an ephemeral debug container) must not get that of the node.
 */
export function podPid({ network }: Pick<ContainerSpec, "network">): number | undefined {
  const [, pid] =
    network.kind === "path" ? (/^\/proc\/(\d+)\/ns\/net$/.exec(network.path) ?? []) : [];
  return pid === undefined ? undefined : Number(pid);
}
