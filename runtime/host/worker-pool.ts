import { limits } from "../limits.ts";
import { ConnectionSlots } from "./connection-slots.ts";
import { placeConnection } from "./placement.ts";
import type { FromWorker, HostSettings } from "./protocol.ts";
import { WorkerThread } from "./worker-thread.ts";

export interface WorkerBounds {
  /** Always there. */
  readonly workersMin: number;
  readonly workersMax: number;
  /** Workers that one app may have at the same time: its share of the processors. */
  readonly workersPerAppMax: number;
}

export interface WorkerPoolOptions extends WorkerBounds {
  /** The file with the code of workers. */
  readonly code: URL;
  readonly settings: HostSettings;
  onMessage(worker: WorkerThread, message: FromWorker): void;
  onExit(worker: WorkerThread, reason: string | undefined): void;
}

/** Connections of one app on one worker beyond which it gets another worker. */
const spreadAt = 4;

/** The threads that run guests: always one more than is in use, as long as there may be. */
export class WorkerPool {
  readonly slots: ConnectionSlots;
  readonly #options: WorkerPoolOptions;
  readonly #workers: WorkerThread[] = [];
  #isClosing = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    const { workersMax: workers } = options;
    this.slots = new ConnectionSlots({ slots: limits.hostConnectionsMax, workers });
    for (let count = 0; count < options.workersMin; count++) this.#start();
  }

  get workers(): readonly WorkerThread[] {
    return this.#workers;
  }

  /** Who gets a connection of this app; never one of `except`, unless there is nobody else. */
  place(app: string, except: ReadonlySet<WorkerThread> = nobody): WorkerThread {
    const { workersMax, workersPerAppMax } = this.#options;
    const others = this.#workers.filter((worker) => !except.has(worker));
    const canGrow = this.#workers.length < workersMax;
    const rules = { workersPerAppMax, spreadAt, canGrow };
    const found = placeConnection(app, others, rules) ?? (canGrow ? this.#start() : undefined);
    const [first] = this.#workers;
    const worker = found ?? first;
    if (worker === undefined) throw new Error("there is no worker");
    return worker;
  }

  /** Starts one more where all have something to do: the next app that wakes must not wait. */
  keepSpare(): void {
    if (this.#isClosing || this.#workers.length >= this.#options.workersMax) return;
    if (this.#workers.every(({ connectionCount }) => connectionCount > 0)) this.#start();
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#isClosing = true;
    const ended = this.#workers.map((worker) => worker.end(signal));
    await Promise.all(ended);
  }

  #start(): WorkerThread {
    const taken = new Set(this.#workers.map(({ index }) => index));
    let index = 0;
    while (taken.has(index)) index++;
    const { code, settings, onMessage } = this.#options;
    const worker = new WorkerThread({
      code,
      settings: { ...settings, index, connections: this.slots.buffer },
      slots: this.slots,
      onMessage,
      onExit: (gone, reason) => this.#onExit(gone, reason),
    });
    this.#workers.push(worker);
    return worker;
  }

  #onExit(worker: WorkerThread, reason: string | undefined): void {
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    if (this.#isClosing) return;
    if (this.#workers.length < this.#options.workersMin) this.#start();
    this.#options.onExit(worker, reason);
  }
}

const nobody: ReadonlySet<WorkerThread> = new Set();
