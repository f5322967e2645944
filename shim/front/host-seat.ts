import { closeSync, openSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { setImmediate as afterAnswers, setTimeout as delay } from "node:timers/promises";
import { errorText, ShimError } from "../error.ts";
import type { SeatUsage } from "../host/process-usage.ts";
import type { SeatReport, SeatSpec, SocketRequest } from "../host/protocol.ts";
import { shimLimits } from "../limits.ts";
import { warmAnnotations } from "../host/warm-annotations.ts";
import { preparedImageFile } from "../preparer/prepared-image.ts";
import type { ContainerSpec } from "./container-spec.ts";
import type { FrontKernel } from "./front-kernel.ts";
import { seatFolder } from "./host-view.ts";
import type { CachedImage } from "./image-cache.ts";
import { leaveReason } from "./leave-reason.ts";
import { type SeatMount, seatVolumes } from "./seat-volumes.ts";
import type { SharedHost } from "./shared-host.ts";
import type { OpenOutputs } from "./stdio.ts";
import type { TaskHost, TaskHostListener } from "./task-host.ts";

/** What a seat is given of its container. */
export interface SeatOptions {
  readonly spec: ContainerSpec;
  readonly app:
    | { readonly kind: "image"; readonly image: CachedImage }
    | { readonly kind: "broken"; readonly reason: string };
  readonly outputs: OpenOutputs;
  readonly terminationPath: string;
  /** Folder of the node for what the app keeps; exists. */
  readonly stateFolder: string;
  readonly kernel: FrontKernel;
}

/** A seat for another program in this process that goes on with it. */
export interface HostSeatState {
  /** Of its host. */
  readonly domain: string;
  readonly seat: string;
  /** Descriptor of the pod's network. */
  readonly network: number;
  readonly nextMessage: number;
  /** What the process sees of the pod; undefined: it has not been told to prepare anything yet. */
  readonly mounts: readonly SeatMount[] | undefined;
  /** What it is told as soon as that is done. */
  readonly waiting: readonly SeatOrder[];
}

type SeatOrder = "serve" | "drain";

/** One container in a process of several. */
export class HostSeat implements TaskHost {
  readonly #host: SharedHost;
  readonly #options: SeatOptions;
  readonly #seat: string;
  readonly #folder: string;
  readonly #network: number;
  #listener: TaskHostListener | undefined;
  #mounts: readonly SeatMount[] | undefined;
  #waiting: SeatOrder[] = [];
  #nextMessage = 0;
  #usage: SeatUsage = { cpuMicros: 0, memoryBytes: 0 };
  /** Settles with the next report of it. */
  #measured: PromiseWithResolvers<void> | undefined;
  #hasEnded = false;

  /**
   * `adopted`: it is there already, as {@link handOver} has told.
   * @throws ShimError `failed_precondition` where the container has no network of a pod
   */
  constructor(host: SharedHost, options: SeatOptions, adopted?: HostSeatState) {
    this.#host = host;
    this.#options = options;
    this.#network = adopted?.network ?? openNetwork(options.spec);
    const { oomScoreAdj, resources } = options.spec;
    const sitter = {
      onReport: this.#onReport.bind(this),
      onHostEnd: this.#onHostEnd.bind(this),
      cpuShares: resources.cpuShares ?? cpuSharesMin,
      oomScoreAdj,
    };
    this.#seat = host.sit(sitter, adopted?.seat);
    this.#folder = seatFolder(this.#seat);
    if (adopted === undefined) return;
    this.#mounts = adopted.mounts;
    this.#waiting = [...adopted.waiting];
    this.#nextMessage = adopted.nextMessage;
    if (this.#mounts === undefined) this.prepare();
  }

  /** For another program in this process that goes on with it. */
  handOver(domain: string): HostSeatState {
    return {
      ...{ domain, seat: this.#seat, network: this.#network },
      ...{ nextMessage: this.#nextMessage, mounts: this.#mounts, waiting: this.#waiting },
    };
  }

  get pid(): number | undefined {
    return this.#host.pid;
  }

  listen(listener: TaskHostListener): void {
    this.#listener = listener;
  }

  prepare(): void {
    void this.#prepare().catch((error: unknown) => {
      if (this.#hasEnded) return;
      this.#hasEnded = true;
      this.#release();
      // If it is not only this process that is not up to it, another one will say what is wrong.
      this.#listener?.onUnsuitable(errorText(error));
    });
  }

  serve(): void {
    this.#order("serve");
  }

  drain(): void {
    this.#order("drain");
  }

  kill(): void {
    if (this.#hasEnded) return;
    this.#host.send(this.#seat, { kind: "remove" });
    this.#end(killed);
  }

  /** The last known one, if the process does not answer in time. */
  async usage(): Promise<SeatUsage> {
    if (this.#hasEnded || this.#mounts === undefined) return this.#usage;
    this.#measured ??= Promise.withResolvers();
    this.#host.send(this.#seat, { kind: "measure" });
    const tooLate = delay(shimLimits.usageMsMax, undefined, { ref: false });
    await Promise.race([this.#measured.promise, tooLate]);
    return this.#usage;
  }

  #order(kind: SeatOrder): void {
    if (this.#hasEnded) return;
    if (this.#mounts === undefined) this.#waiting.push(kind);
    else this.#host.send(this.#seat, { kind });
  }

  async #prepare(): Promise<void> {
    const { app, outputs, spec, stateFolder, terminationPath } = this.#options;
    const view = await this.#host.view;
    const image = app.kind === "image" ? await this.#host.image(app.image.folder) : undefined;
    if (this.#hasEnded) return;
    const isDirectory = (source: string): boolean => statSync(source).isDirectory();
    const volumes = seatVolumes(
      spec.mounts,
      { folder: this.#folder, terminationPath },
      isDirectory,
    );
    const statePath = join(this.#folder, "state");
    const state: SeatMount = {
      ...{ source: stateFolder, target: statePath },
      ...{ isDirectory: true, isReadOnly: false },
    };
    const mounts = [...volumes.mounts, state];
    this.#mounts = mounts;
    view.show(this.#folder, mounts);
    const descriptors = this.#pass([outputs.stdout, outputs.stderr]);
    const seatSpec: SeatSpec = {
      ...seatApp(app, image),
      files: volumes.files,
      statePath,
      volumes: volumes.preopens,
      hidden: volumes.hidden,
      arguments: spec.args.slice(1),
      environment: spec.environment,
      warm: warmAnnotations(spec.annotations),
    };
    this.#host.send(this.#seat, { kind: "prepare", spec: seatSpec, descriptors });
    for (const kind of this.#waiting.splice(0)) this.#host.send(this.#seat, { kind });
  }

  #pass(descriptors: readonly number[]): string {
    const message = `${this.#seat}/${(this.#nextMessage += 1)}`;
    this.#host.pass(message, descriptors);
    return message;
  }

  /** What comes from the process is not trusted: all it can do is to harm itself. */
  #onReport(report: SeatReport): void {
    if (this.#hasEnded) return;
    switch (report.kind) {
      case "prepared":
        this.#listener?.onAdopted();
        return;
      case "failed":
        leaveReason(this.#options.spec, report.reason);
        this.#listener?.onFailed(firstOf(report.reason));
        return;
      case "unsuitable":
        this.#hasEnded = true;
        this.#release();
        this.#listener?.onUnsuitable(firstOf(report.reason));
        return;
      case "ended":
        this.#end(Number(report.status) & 0xff);
        return;
      case "usage":
        this.#usage = plausibleUsage(report.usage, this.#usage);
        this.#measured?.resolve();
        this.#measured = undefined;
        return;
      case "wants":
        this.#give(report.request, report.sockets);
        return;
      case "running":
        return;
    }
  }

  #give(request: number, sockets: SocketRequest): void {
    using made = new DisposableStack();
    const give = (result: { descriptors: string } | { error: string }): void =>
      this.#host.send(this.#seat, { kind: "given", request, result });
    try {
      const fds = makeSockets(this.#options.kernel, this.#network, sockets);
      for (const fd of fds) made.defer(() => closeSync(fd));
      give({ descriptors: this.#pass(fds) });
    } catch (error) {
      give({ error: errorText(error) });
    }
  }

  #onHostEnd(status: number): void {
    if (this.#hasEnded) return;
    const how = status > signalBase ? `by signal ${status - signalBase}` : `with ${status}`;
    leaveReason(this.#options.spec, `the process that it shared with other pods ended ${how}`);
    this.#end(status);
  }

  #end(status: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#release();
    this.#listener?.onEnd(status);
  }

  #release(): void {
    const mounts = this.#mounts;
    closeSync(this.#network);
    this.#host.leave(this.#seat);
    if (mounts !== undefined) void this.#hide(mounts);
  }

  async #hide(mounts: readonly SeatMount[]): Promise<void> {
    // Whoever waits for the end hears of it first; the request to delete comes after both.
    await afterAnswers();
    if (this.#host.hasEnded) return;
    try {
      (await this.#host.view).hide(this.#folder, mounts);
    } catch {
      // Only part of it was shown, or the process is just ending; it all ends with it.
    }
  }
}

function openNetwork({ network }: Pick<ContainerSpec, "network">): number {
  if (network.kind === "path") return openSync(network.path, "r");
  throw new ShimError("failed_precondition", "a shared host needs the network of a pod");
}

/** As much of a text as is worth a place in the log. */
function firstOf(text: unknown): string {
  return String(text).slice(0, shimLimits.terminationMessageBytesMax);
}

/** Nobody gets processor time back. */
function plausibleUsage(told: SeatUsage, known: SeatUsage): SeatUsage {
  const whole = (value: unknown): number =>
    Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : 0;
  return {
    cpuMicros: Math.max(known.cpuMicros, whole(told.cpuMicros)),
    memoryBytes: whole(told.memoryBytes),
  };
}

/** What the kernel gives to who asks for nothing. */
const cpuSharesMin = 2;
const killed = 137;
/** A process that a signal has ended has this and the signal's number as its status. */
const signalBase = 128;

function seatApp(
  app: SeatOptions["app"],
  image: string | undefined,
): Pick<SeatSpec, "appPath" | "componentsPath" | "refusal"> {
  if (app.kind === "broken" || image === undefined) {
    const refusal = app.kind === "broken" ? app.reason : "its image is not there";
    return { appPath: "", componentsPath: undefined, refusal };
  }
  return {
    appPath: join(image, app.image.entry),
    componentsPath: join(image, preparedImageFile.components),
    refusal: undefined,
  };
}

/** In the pod's network. Throws ShimError for requests that make no sense, too. */
function makeSockets(kernel: FrontKernel, network: number, request: SocketRequest): number[] {
  const { kind } = request;
  if (kind === "listen") {
    const { host, port } = request;
    if (isIP(host) === 0 || !(Number.isInteger(port) && port >= 0 && port < 65_536)) refuse();
    return [kernel.inNetwork(network, () => kernel.boundSocket({ host, port }))];
  }
  const { version, count } = request;
  const isKnown = (kind === "tcp" || kind === "udp") && (version === 4 || version === 6);
  if (!isKnown || !(count > 0 && count <= shimLimits.socketsPerRequestMax)) refuse();
  return kernel.inNetwork(network, () => {
    const made: number[] = [];
    try {
      while (made.length < count) made.push(kernel.socket(kind, version));
      return made;
    } catch (error) {
      made.forEach(closeSync);
      throw error;
    }
  });
}

function refuse(): never {
  throw new ShimError("invalid_argument", "there are no such sockets");
}
