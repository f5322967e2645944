import { Worker } from "node:worker_threads";
import type { ConnectionSlots } from "./connection-slots.ts";
import type { PlaceableWorker } from "./placement.ts";
import type { FromWorker, HostedApp, ToWorker, WorkerSettings } from "./protocol.ts";
import { spentMs } from "./thread-time.ts";

/** A worker with requests that has not begun or ended one for so long may be stuck in a guest. */
const silentMs = 20;

export interface WorkerThreadOptions {
  /** The file with the code of workers. */
  readonly code: URL;
  readonly settings: WorkerSettings;
  readonly slots: ConnectionSlots;
  onMessage(worker: WorkerThread, message: FromWorker): void;
  /** The thread is gone, with a reason if it did not end by itself. */
  onExit(worker: WorkerThread, reason: string | undefined): void;
}

/** A worker as the doorman's side knows it. */
export class WorkerThread implements PlaceableWorker {
  readonly index: number;
  /** Of Node. */
  readonly threadId: number;
  /** Open connections of each app. */
  readonly connections = new Map<string, number>();
  /** Versions of the apps that it was told about. */
  readonly #known = new Map<string, number>();
  readonly #loaded = new Set<string>();
  readonly #loading = new Set<string>();
  readonly #slots: ConnectionSlots;
  readonly #thread: Worker;
  /** As the kernel numbers it. */
  #nativeThread: number | undefined;
  #connectionCount = 0;
  #reason: string | undefined;

  constructor({ code, settings, slots, onMessage, onExit }: WorkerThreadOptions) {
    this.index = settings.index;
    this.#slots = slots;
    slots.clear(settings.index);
    const own = new Worker(code, { workerData: settings, name: `guests ${settings.index}` });
    this.#thread = own;
    this.threadId = own.threadId;
    this.#thread.on("message", (message: FromWorker) => {
      if (message.kind === "ready") this.#nativeThread = message.thread;
      onMessage(this, message);
    });
    this.#thread.on("error", (error: unknown) => {
      this.#reason = error instanceof Error ? error.message : String(error);
    });
    this.#thread.once("exit", () => onExit(this, this.#reason));
  }

  get connectionCount(): number {
    return this.#connectionCount;
  }

  hasLoaded(app: string): boolean {
    return this.#loaded.has(app) || this.#loading.has(app);
  }

  isLoading(app: string): boolean {
    return this.#loading.has(app);
  }

  /** Apps that are loaded there, or are being loaded. */
  get apps(): readonly string[] {
    return [...this.#loaded, ...this.#loading];
  }

  get appCount(): number {
    return this.#loaded.size + this.#loading.size;
  }

  isSilent(): boolean {
    // Loading an app takes its time.
    return this.#loading.size === 0 && this.#slots.isSilent(this.index, silentMs);
  }

  /** Processor time of the thread so far; undefined where nobody knows. */
  get spentMs(): number | undefined {
    return spentMs(this.#nativeThread);
  }

  /** Requests that it is answering. */
  get active(): number {
    return this.#slots.active(this.index);
  }

  /** Tells of an app before anything of it is sent there; with `load` it is loaded now. */
  introduce(hosted: HostedApp, load = false): void {
    const { name, version } = hosted;
    if (!load && this.#known.get(name) === version) return;
    this.#known.set(name, version);
    if (load) this.#expect(name);
    this.tell({ kind: "app", hosted, load });
  }

  /** Whether it was told about the app. */
  knows(app: string): boolean {
    return this.#known.has(app);
  }

  noteLoaded(app: string, isLoaded: boolean): void {
    this.#loading.delete(app);
    if (isLoaded) this.#loaded.add(app);
    else this.#loaded.delete(app);
  }

  forget(app: string): void {
    if (!this.#known.delete(app)) return;
    this.#loaded.delete(app);
    this.#loading.delete(app);
    this.tell({ kind: "remove", name: app });
  }

  opened(app: string): void {
    if (this.#known.has(app)) this.#expect(app);
    this.#connectionCount++;
    this.connections.set(app, (this.connections.get(app) ?? 0) + 1);
  }

  #expect(app: string): void {
    if (!this.#loaded.has(app)) this.#loading.add(app);
  }

  closed(app: string): void {
    this.#connectionCount--;
    const left = (this.connections.get(app) ?? 1) - 1;
    if (left === 0) this.connections.delete(app);
    else this.connections.set(app, left);
  }

  tell(message: ToWorker): void {
    this.#thread.postMessage(message);
  }

  /** Lets it finish what it is doing until the signal aborts, then ends the thread. */
  async end(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const onEnded = (message: FromWorker): void => {
      if (message.kind === "ended") resolve();
    };
    this.#thread.on("message", onEnded);
    this.#thread.once("exit", () => resolve());
    signal.addEventListener("abort", () => resolve(), { once: true });
    this.tell({ kind: "end" });
    if (signal.aborted) resolve();
    await promise;
    await this.#thread.terminate();
  }

  /** Ends the thread, whatever it is doing. */
  async terminate(): Promise<void> {
    await this.#thread.terminate();
  }
}
