import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../limits.ts";
import type { AdminSource } from "../telemetry/admin/admin-server.ts";
import { RequestLog } from "../telemetry/live/request-log.ts";
import { addCounts, countsOf } from "../telemetry/metrics/family-counts.ts";
import type { FamilyCounts } from "../telemetry/metrics/family-counts.ts";
import { RuntimeMetrics } from "../telemetry/metrics/runtime-metrics.ts";
import type { AboutTelemetry, TelemetryOfWorker } from "./protocol.ts";

/** A worker, as far as this file needs one. */
export interface CountingWorker {
  tell(message: AboutTelemetry): void;
}

export interface HostTelemetryOptions {
  /** Those that there are now. */
  workers(): readonly CountingWorker[];
  onWarning(message: string): void;
  /** A worker that has not answered by then is taken as it was last. */
  readonly answerMsMax?: number;
}

interface Question {
  readonly waiting: Set<CountingWorker>;
  readonly answered: PromiseWithResolvers<void>;
}

/**
 * What all workers of a host have counted together, for whoever looks: metrics, and requests as they
 * end. What a worker counted stays counted after it has gone.
 */
export class HostTelemetry implements AdminSource {
  readonly metrics = new RuntimeMetrics();
  readonly requestLog: RequestLog;
  readonly #options: HostTelemetryOptions;
  readonly #last = new Map<CountingWorker, readonly FamilyCounts[]>();
  /** Of workers that have gone. */
  readonly #gone = new RuntimeMetrics();
  readonly #questions = new Map<number, Question>();
  readonly #told = new Set<string>();
  #asked = 0;
  #isRecording = false;

  constructor(options: HostTelemetryOptions) {
    this.#options = options;
    this.requestLog = new RequestLog(limits.requestLogSubscribersMax, (isOn) =>
      this.#tellAll({ kind: "follow", isOn }),
    );
  }

  /** Somebody looks: requests are recorded from now on. */
  record(): void {
    if (this.#isRecording) return;
    this.#isRecording = true;
    this.#tellAll({ kind: "record" });
  }

  /** A worker has begun: it gets to know what the others were told. */
  greet(worker: CountingWorker): void {
    if (this.#isRecording) worker.tell({ kind: "record" });
    if (this.requestLog.isWatched) worker.tell({ kind: "follow", isOn: true });
  }

  hear(worker: CountingWorker, message: TelemetryOfWorker): void {
    switch (message.kind) {
      case "counted":
        this.#last.set(worker, message.counts);
        this.#answered(message.id, worker);
        return;
      case "requests":
        for (const record of message.records) this.requestLog.add(record);
        return;
      case "untold":
        this.#warn(message.message);
        return;
    }
  }

  /** A worker has gone. */
  lost(worker: CountingWorker): void {
    addCounts(this.#gone, this.#last.get(worker) ?? [], "lasting");
    this.#last.delete(worker);
    for (const id of this.#questions.keys()) this.#answered(id, worker);
  }

  /** An app is not served any more: what was counted for it goes. */
  forget(app: string): void {
    this.#gone.forget(app);
  }

  /** Asks all workers; one that is busy with a guest is taken as it was last. */
  async collect(): Promise<void> {
    const workers = this.#options.workers();
    const id = ++this.#asked;
    const question = { waiting: new Set(workers), answered: Promise.withResolvers<void>() };
    this.#questions.set(id, question);
    for (const worker of workers) worker.tell({ kind: "count", id });
    if (workers.length === 0) question.answered.resolve();
    const { answerMsMax = limits.hostCountMsMax } = this.#options;
    await Promise.race([question.answered.promise, delay(answerMsMax, undefined, { ref: false })]);
    this.#questions.delete(id);
    this.metrics.clear();
    addCounts(this.metrics, countsOf(this.#gone));
    for (const counts of this.#last.values()) addCounts(this.metrics, counts);
  }

  #answered(id: number, worker: CountingWorker): void {
    const question = this.#questions.get(id);
    question?.waiting.delete(worker);
    if (question?.waiting.size === 0) question.answered.resolve();
  }

  #tellAll(message: AboutTelemetry): void {
    for (const worker of this.#options.workers()) worker.tell(message);
  }

  /** All workers find the same mistake; people are told once. */
  #warn(message: string): void {
    if (this.#told.has(message) || this.#told.size >= warningsMax) return;
    this.#told.add(message);
    this.#options.onWarning(message);
  }
}

/** Different ones; beyond that nothing new would be learnt. */
const warningsMax = 100;
