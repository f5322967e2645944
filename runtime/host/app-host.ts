import { EventEmitter } from "node:events";
import type { App } from "../app/app.ts";
import type { RuntimeConfig } from "../app/runtime-config.ts";
import { errorText } from "../error.ts";
import { limits } from "../limits.ts";
import { OverloadLog } from "../trigger/http/failure-answer.ts";
import type { ListenAddress } from "../trigger/http/listen.ts";
import { answerBusy, answerPlainly } from "./answer-plainly.ts";
import { BrokenApps } from "./broken-apps.ts";
import { ConnectionTable } from "./connection-table.ts";
import { countResident } from "./count-resident.ts";
import { openDescriptors } from "./descriptors.ts";
import type { Descriptors } from "./descriptors.ts";
import { returnFreedMemory } from "./freed-memory.ts";
import { Doorman } from "./doorman.ts";
import type { Caller } from "./doorman.ts";
import { HostTelemetry } from "./host-telemetry.ts";
import { PreloadQueue } from "./preload-queue.ts";
import type { Failure, FromWorker, HostedApp, HostSettings } from "./protocol.ts";
import { RemoteEvents } from "./remote-events.ts";
import { ResidentApps } from "./resident-apps.ts";
import { UntouchedConnections } from "./untouched-connections.ts";
import { urlOf } from "./url-of.ts";
import { WorkerPool } from "./worker-pool.ts";
import type { WorkerBounds } from "./worker-pool.ts";
import type { WorkerThread } from "./worker-thread.ts";

export interface AppHostOptions extends WorkerBounds {
  readonly settings: HostSettings;
  /** The file with the code of workers. */
  readonly workerCode: URL;
  /** What loaded apps may take together, by estimate, before the least recently used go. */
  readonly residentBytesMax: number;
  readonly log: HostLog;
}

/** What a host tells; `app` is empty where it concerns none. */
export interface HostLog {
  guestLine(app: string, component: string, stream: "stdout" | "stderr", line: string): void;
  warning(app: string, message: string): void;
  error(app: string, message: string): void;
}

/** An app that is to be served. */
export interface AppToHost {
  /** Unique; as a host name has it. */
  readonly name: string;
  readonly app: App;
  readonly runtimeConfig: RuntimeConfig;
  /** An address of its own; without one it is reached by name at {@link AppHost.listen}. */
  readonly listen?: ListenAddress | undefined;
}

/**
 * Many apps in one process. One thread, the doorman, listens for all of them and waits for whatever
 * else wakes them; workers run guests. An idle app is an entry here. It is loaded by a worker before
 * it is asked for the first time, and again when its memory was needed for others meanwhile.
 */
export class AppHost implements AsyncDisposable {
  readonly #options: AppHostOptions;
  readonly #descriptors: Descriptors;
  readonly #trimFreedMemory: () => void;
  readonly #apps = new Map<string, HostedApp>();
  readonly #pool: WorkerPool;
  readonly #doorman: Doorman;
  readonly #connections: ConnectionTable<WorkerThread>;
  readonly #residents: ResidentApps<WorkerThread>;
  readonly #events: RemoteEvents;
  readonly #preload: PreloadQueue;
  /** Why apps cannot be asked. */
  readonly broken = new BrokenApps();
  #address: ListenAddress | undefined;
  /** Callers that wait until all apps are known. */
  #held: Caller[] | undefined;
  #versions = 0;
  readonly #untouched = new UntouchedConnections<WorkerThread>({
    afterMs,
    spentMs: (worker) => worker.spentMs,
  });
  readonly #overload: OverloadLog;
  /** What all apps tell of themselves. */
  readonly telemetry: HostTelemetry;
  #timer: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;
  /** `loaded` and `failed` with the name of the app. */
  readonly changes = new EventEmitter<{ readonly loaded: [string]; readonly failed: [string] }>();

  /** Throws WhorlError `unsupported` where this Node cannot share sockets between threads. */
  constructor(options: AppHostOptions) {
    this.#options = options;
    this.#overload = new OverloadLog({ error: (message) => options.log.error("", message) });
    this.#descriptors = openDescriptors();
    this.#trimFreedMemory = returnFreedMemory();
    this.telemetry = new HostTelemetry({
      workers: () => this.#pool.workers,
      onWarning: (message) => options.log.warning("", message),
      keepsRequests: options.settings.telemetry?.keepsRequests,
    });
    const { log, settings, workerCode: code, workersMin, workersMax, workersPerAppMax } = options;
    this.#pool = new WorkerPool({
      ...{ code, settings, workersMin, workersMax, workersPerAppMax },
      onMessage: (worker, message) => this.#hear(worker, message),
      onExit: (worker, reason) => this.#replaceWorker(worker, reason),
    });
    this.#connections = new ConnectionTable(this.#pool.slots, this.#descriptors);
    this.#residents = new ResidentApps(options.residentBytesMax);
    this.#doorman = new Doorman({
      onCaller: (caller) => this.#greet(caller),
      onWarning: (message) => log.warning("", message),
    });
    this.#events = new RemoteEvents({
      settings,
      log,
      place: (app) => this.#placeFor(app),
    });
    this.#preload = new PreloadQueue((name) => this.#load(name));
  }

  /** Listens for apps that are asked for by name. Rejects with WhorlError `listen`. */
  async listen(address: ListenAddress): Promise<ListenAddress> {
    this.#address = await this.#doorman.listen(address, undefined);
    return this.#address;
  }

  /** From now on who comes has to wait, until {@link admitCallers}. */
  holdCallers(): void {
    this.#held ??= [];
  }

  admitCallers(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const caller of held) this.#admit(caller);
  }

  /**
   * Serves an app from now on, or another version of it. Returns its URL. Rejects with WhorlError:
   * `listen`, or what is wrong with its triggers; the app, or its new version, is not served then.
   */
  async serve({ name, app, runtimeConfig, listen }: AppToHost): Promise<string> {
    const known = this.#apps.get(name);
    const url = known?.url ?? (await this.#addressOf(name, listen));
    const hosted: HostedApp = { name, app, runtimeConfig, url, version: ++this.#versions };
    const subscribed = this.#events.subscribe(hosted);
    // Its address must be free when it is tried again.
    if (known === undefined) void subscribed.catch(() => this.#doorman.stop(name));
    await subscribed;
    this.#apps.set(name, hosted);
    // Those that have it go on with the new version; the others are told when they need it.
    for (const worker of this.#pool.workers) if (worker.knows(name)) worker.introduce(hosted);
    this.#preload.add(name);
    return url;
  }

  /** Requests that have begun are finished. */
  async remove(name: string): Promise<void> {
    if (!this.#apps.delete(name)) return;
    this.broken.forget(name);
    this.#doorman.stop(name);
    this.#preload.remove(name);
    this.telemetry.forget(name);
    for (const worker of this.#pool.workers) {
      worker.forget(name);
      this.#residents.remove(worker, name);
    }
    await this.#events.unsubscribe(name);
  }

  has(name: string): boolean {
    return this.#apps.has(name);
  }

  /** Those that are served. */
  get apps(): readonly HostedApp[] {
    return [...this.#apps.values()];
  }

  /** Settles when every app is loaded, or found to be broken, for the first time. */
  async prepared(): Promise<void> {
    await this.#preload.empty();
  }

  /** Threads that run guests, for tests and measurements. */
  get workers(): readonly WorkerThread[] {
    return this.#pool.workers;
  }

  /** Lets requests in flight finish until the signal aborts. */
  close(signal: AbortSignal = AbortSignal.timeout(limits.shutdownMsMax)): Promise<void> {
    return (this.#closed ??= this.#close(signal));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(signal: AbortSignal): Promise<void> {
    this.#preload.clear();
    for (const { socket } of this.#held ?? []) socket.destroy();
    const listening = this.#doorman.close();
    await this.#events.close(signal);
    await this.#pool.close(signal);
    clearTimeout(this.#timer);
    this.#connections.destroy();
    await listening;
  }

  async #addressOf(name: string, listen: ListenAddress | undefined): Promise<string> {
    if (listen !== undefined) {
      const { host, port } = await this.#doorman.listen(listen, name);
      return urlOf(host, port);
    }
    if (this.#address === undefined) throw new Error("nothing listens for names");
    return urlOf(`${name}.localhost`, this.#address.port);
  }

  #greet(caller: Caller): void {
    if (this.#held === undefined) this.#admit(caller);
    else if (this.#held.length < limits.hostAppConnectionsMax) this.#held.push(caller);
    else answerBusy(caller.socket);
  }

  #admit(caller: Caller, except?: ReadonlySet<WorkerThread>): void {
    const { app } = caller;
    const hosted = app === undefined ? undefined : this.#apps.get(app);
    if (app !== undefined && hosted === undefined) {
      answerPlainly(caller.socket, "404 Not Found", `there is no app "${app}" here\n`);
      return;
    }
    if (hosted !== undefined && this.#connectionsOf(hosted.name) >= limits.hostAppConnectionsMax) {
      answerBusy(caller.socket);
      return;
    }
    const worker = this.#pool.place(app ?? "", except);
    if (hosted !== undefined) this.#use(worker, hosted);
    try {
      const slot = this.#connections.lend(caller, worker);
      if (slot !== undefined) this.#watch(slot, worker);
    } catch (error) {
      this.#overload.note(errorText(error));
      answerBusy(caller.socket);
    }
    this.#pool.keepSpare();
  }

  #connectionsOf(app: string): number {
    let count = 0;
    for (const { connections } of this.#pool.workers) count += connections.get(app) ?? 0;
    return count;
  }

  #placeFor(app: string): WorkerThread | undefined {
    const hosted = this.#apps.get(app);
    if (hosted === undefined) return undefined;
    const worker = this.#pool.place(app);
    this.#use(worker, hosted);
    return worker;
  }

  #use(worker: WorkerThread, hosted: HostedApp): void {
    worker.introduce(hosted);
    this.#residents.touch(worker, hosted.name);
  }

  #watch(slot: number, worker: WorkerThread): void {
    this.#untouched.add(slot, worker, performance.now());
    this.#checkUntouched();
  }

  #checkUntouched(): void {
    this.#timer ??= setTimeout(() => this.#moveUntouched(), this.#untouched.checkMs).unref();
  }

  /** What waits for a worker that is stuck goes to one that is not, if there is one. */
  #moveUntouched(): void {
    this.#timer = undefined;
    const { slots, stuck } = this.#untouched.overdue(
      performance.now(),
      (slot, worker) =>
        this.#connections.find(slot)?.worker === worker && this.#connections.isUntouched(slot),
    );
    for (const slot of slots) this.#moveFrom(slot, stuck);
    if (this.#untouched.size > 0) this.#checkUntouched();
  }

  #moveFrom(slot: number, stuck: ReadonlySet<WorkerThread>): void {
    const lent = this.#connections.find(slot);
    if (lent === undefined) return;
    const app = lent.app ?? "";
    // Loading it elsewhere would take as long.
    const isElsewhere = !lent.worker.isLoading(app) && !stuck.has(this.#pool.place(app, stuck));
    const taken = isElsewhere ? this.#connections.takeBack(slot) : undefined;
    if (taken !== undefined) this.#admit(taken, stuck);
    else this.#watch(slot, lent.worker);
  }

  /** Whether a worker has begun to load it. */
  #load(name: string): boolean {
    const hosted = this.#apps.get(name);
    if (hosted === undefined || this.#pool.workers.some((worker) => worker.hasLoaded(name))) {
      return false;
    }
    const [worker] = this.#pool.workers.toSorted((a, b) => a.appCount - b.appCount);
    worker?.introduce(hosted, true);
    return worker !== undefined;
  }

  #hear(worker: WorkerThread, message: FromWorker): void {
    const { log } = this.#options;
    switch (message.kind) {
      case "ready":
        this.telemetry.greet(worker);
        return;
      case "ended":
        return;
      case "counted":
      case "requests":
      case "looked":
      case "untold":
        this.telemetry.hear(worker, message);
        return;
      case "loaded":
        this.#onLoaded(worker, message.name);
        return;
      case "unloaded":
        worker.noteLoaded(message.name, false);
        this.#residents.remove(worker, message.name);
        return;
      case "kept":
        this.#residents.keep(worker, message.name);
        return;
      case "failed":
        worker.noteLoaded(message.name, false);
        this.#onFailed(message.name, message.failure);
        return;
      case "closed":
        this.#connections.closed(message.slots);
        return;
      case "wanted":
        this.#introduce(worker, message.name);
        return;
      case "result":
      case "refused":
        this.#events.settle(message);
        return;
      case "line":
        log.guestLine(message.app, message.component, message.stream, message.line);
        return;
      case "warning":
      case "error":
        log[message.kind](message.app, message.message);
        return;
    }
  }

  #introduce(worker: WorkerThread, name: string): void {
    const hosted = this.#apps.get(name);
    if (hosted === undefined) worker.tell({ kind: "unknown", name });
    else this.#use(worker, hosted);
  }

  #onLoaded(worker: WorkerThread, name: string): void {
    const hosted = this.#apps.get(name);
    if (hosted === undefined) return;
    worker.noteLoaded(name, true);
    this.broken.loaded(name);
    void countResident(this.#residents, { worker, hosted, workers: this.#pool.workers });
    this.#preload.done(name);
    this.changes.emit("loaded", name);
  }

  /** Each worker finds out by itself; people are told once. */
  #onFailed(name: string, { message }: Failure): void {
    const hosted = this.#apps.get(name);
    const isNews = hosted !== undefined && this.broken.note(hosted, message);
    if (isNews) this.#options.log.error(name, message);
    this.#preload.done(name);
    this.changes.emit("failed", name);
  }

  #replaceWorker(worker: WorkerThread, reason: string | undefined): void {
    const why = reason === undefined ? "" : `: ${reason}`;
    this.#options.log.warning("", `a worker has ended${why}; its requests have failed`);
    this.#descriptors.sweepImages(worker.threadId);
    this.#residents.removeWorker(worker);
    this.#events.lost(worker);
    this.telemetry.lost(worker);
    for (const caller of this.#connections.rescue(worker)) this.#admit(caller);
    this.#preload.lost(worker.apps);
    // Last: nobody who was rescued has to wait for it.
    this.#trimFreedMemory();
  }
}

/** A connection that a worker has not looked at for so long is given to another one. */
const afterMs = 25;
