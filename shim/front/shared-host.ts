import { writeFileSync } from "node:fs";
import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { HostReport, SeatCommand, SeatReport } from "../host/protocol.ts";
import type { Cgroup } from "./cgroup.ts";
import type { FrontKernel } from "./front-kernel.ts";
import type { HostProcess, HostProcessState } from "./host-process.ts";
import { HostView } from "./host-view.ts";
import { sharedImage } from "./shared-image.ts";

/** Who sits in a shared host. */
export interface SeatListener {
  onReport(report: SeatReport): void;
  /** The whole process has ended; `status` as a shell would say it. */
  onHostEnd(status: number): void;
  /** Its share of the processor when others want it too. */
  readonly cpuShares: number;
  readonly oomScoreAdj: number;
}

/** A shared host for another program in this process that goes on with it. */
export interface SharedHostState {
  readonly process: HostProcessState;
  readonly id: number;
  readonly cgroupPath: string | undefined;
  /** It has said that it can be used. */
  readonly isShared: boolean;
  readonly images: readonly string[];
  readonly nextSeat: number;
}

export interface SharedHostOptions {
  readonly process: Pick<HostProcess, "pid" | "listen" | "send" | "pass" | "kill" | "handOver">;
  readonly kernel: FrontKernel;
  /** User and group of the process. */
  readonly id: number;
  /** Undefined where containers have none. */
  readonly cgroupPath: string | undefined;
  readonly openCgroup: (path: string) => Cgroup;
  readonly log: (message: string) => void;
  /** Its last seat was left, or it has ended. */
  onEmpty(): void;
}

/** One process that runs the guests of several containers, all of one domain. */
export class SharedHost {
  readonly #options: SharedHostOptions;
  readonly #seats = new Map<string, SeatListener>();
  readonly #shared = Promise.withResolvers<HostView>();
  readonly #cgroup: Cgroup | undefined;
  readonly #images: Set<string>;
  #isShared = false;
  /** Runs while it has been asked whether it lives. */
  #silence: NodeJS.Timeout | undefined;
  /** Runs while containers start. */
  #starting: NodeJS.Timeout | undefined;
  #hasEnded = false;
  #nextSeat: number;

  /**
   * Starts to make the process one that may be shared; {@link view} settles when it is. `adopted`:
   * it is one already, as {@link handOver} has told.
   */
  constructor(options: SharedHostOptions, adopted?: SharedHostState) {
    this.#options = options;
    this.#images = new Set(adopted?.images);
    this.#nextSeat = adopted?.nextSeat ?? 0;
    const { process, id, cgroupPath, openCgroup } = options;
    // Whoever waits for it is told; nobody has to.
    this.#shared.promise.catch(() => undefined);
    this.#cgroup = cgroupPath === undefined ? undefined : openCgroup(cgroupPath);
    process.listen({
      onReport: (report) => this.#onReport(report),
      onEnd: (status) => this.#onEnd(status),
    });
    if (adopted?.isShared === true) this.#onShared();
    if (adopted !== undefined) return;
    if (process.pid !== undefined) this.#cgroup?.add(process.pid);
    process.send({ kind: "share", spec: { uid: id, gid: id } });
  }

  /** For another program in this process that goes on with it. */
  handOver(): SharedHostState {
    const { process, id, cgroupPath } = this.#options;
    return {
      ...{ process: process.handOver(), id, cgroupPath, isShared: this.#isShared },
      ...{ images: [...this.#images], nextSeat: this.#nextSeat },
    };
  }

  get pid(): number | undefined {
    return this.#options.process.pid;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get isEmpty(): boolean {
    return this.#seats.size === 0;
  }

  /** User of the process. */
  get id(): number {
    return this.#options.id;
  }

  /** Rejects if the process ends instead. */
  get view(): Promise<HostView> {
    return this.#shared.promise;
  }

  /**
   * Gives a name that no other seat of this process has ever had.
   * @param known the name of one that an earlier front gave
   */
  sit(listener: SeatListener, known?: string): string {
    const seat = known ?? String((this.#nextSeat += 1));
    this.#seats.set(seat, listener);
    if (known === undefined) this.#letStart();
    this.#adjust();
    return seat;
  }

  /** Nothing is heard of the seat any more. */
  leave(seat: string): void {
    if (!this.#seats.delete(seat)) return;
    this.#adjust();
    if (this.isEmpty) this.#options.onEmpty();
  }

  send(seat: string, command: SeatCommand): void {
    this.#options.process.send({ kind: "seat", seat, command });
    if (this.#silence !== undefined || this.#hasEnded) return;
    this.#options.process.send({ kind: "ping" });
    this.#silence = setTimeout(() => this.#onSilence(), shimLimits.silentHostMsMax).unref();
  }

  /** As of {@link HostProcess}. */
  pass(message: string, descriptors: readonly number[]): void {
    this.#options.process.pass(message, descriptors);
  }

  /** Folder of an image in the process's view, shown with its first use and kept. */
  async image(folder: string): Promise<string> {
    const view = await this.view;
    const { path, mount } = sharedImage(folder);
    if (!this.#images.has(path)) {
      view.show(path, [mount]);
      this.#images.add(path);
    }
    return path;
  }

  async stop(): Promise<void> {
    this.#options.process.kill();
    await this.#cgroup?.remove();
  }

  #onReport(report: HostReport): void {
    if (report.kind === "seat") {
      this.#seats.get(report.seat)?.onReport(report.report);
      return;
    }
    if (report.kind === "shared") this.#onShared();
    if (report.kind !== "alive") return;
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }

  /** A guest does not let go of it and cannot be stopped either: all begin again without it. */
  #onSilence(): void {
    const { log, process } = this.#options;
    log(`a host process of ${this.#seats.size} containers does not answer and is ended`);
    process.kill();
  }

  #onShared(): void {
    const { pid } = this;
    if (pid === undefined) return;
    this.#isShared = true;
    try {
      this.#shared.resolve(new HostView(this.#options.kernel, pid));
    } catch (error) {
      this.#shared.reject(error);
      this.#options.process.kill();
    }
  }

  #onEnd(status: number): void {
    this.#hasEnded = true;
    clearTimeout(this.#silence);
    this.#shared.reject(new ShimError("unavailable", "the host process has ended"));
    void this.#shared.promise.then(
      (view) => view[Symbol.dispose](),
      () => undefined,
    );
    const seats = [...this.#seats.values()];
    this.#seats.clear();
    if (seats.length > 0) {
      this.#options.log(`a host process of ${seats.length} containers ended with ${status}`);
    }
    for (const seat of seats) seat.onHostEnd(status);
    void this.#cgroup?.remove();
    this.#options.onEmpty();
  }

  /**
   * To start containers is the node's work: those of runc are started by processes of containerd, with
   * their share. Of the pods' own share, which is next to nothing for pods without requests, a busy
   * node leaves so little that they are ready only when nothing else starts any more.
   */
  #letStart(): void {
    clearTimeout(this.#starting);
    this.#starting = setTimeout(() => {
      this.#starting = undefined;
      this.#adjust();
    }, shimLimits.startShareMs).unref();
  }

  /** The process as a whole counts as much as its containers together, and no less while one starts. */
  #adjust(): void {
    const seats = [...this.#seats.values()];
    if (seats.length === 0 || this.#hasEnded) return;
    const ofSeats = seats.reduce((sum, seat) => sum + seat.cpuShares, 0);
    const cpuShares = Math.max(
      ofSeats,
      this.#starting === undefined ? 0 : shimLimits.startCpuShares,
    );
    const oomScoreAdj = Math.min(...seats.map((seat) => seat.oomScoreAdj));
    try {
      this.#cgroup?.limit({ cpuShares });
      if (this.pid !== undefined)
        writeFileSync(`/proc/${this.pid}/oom_score_adj`, String(oomScoreAdj));
    } catch {
      // The machine may not permit it, or the process is just ending.
    }
  }
}
