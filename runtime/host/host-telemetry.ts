import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../limits.ts";
import type { AdminSource } from "../telemetry/admin/admin-server.ts";
import { RequestLog } from "../telemetry/live/request-log.ts";
import type { RequestRecord } from "../telemetry/live/request-record.ts";
import { RequestRecorder } from "../telemetry/live/request-recorder.ts";
import type { KeptRequest, NumberedRequest } from "../telemetry/live/request-recorder.ts";
import { addCounts, countsOf } from "../telemetry/metrics/family-counts.ts";
import type { CountChanges } from "../telemetry/metrics/family-counts.ts";
import { RuntimeMetrics } from "../telemetry/metrics/runtime-metrics.ts";
import type { AboutTelemetry, RequestsOfWorker, TelemetryOfWorker } from "./protocol.ts";
import { WorkerCounts } from "./worker-counts.ts";

/** A worker, as far as this file needs one. */
export interface CountingWorker {
  tell(message: AboutTelemetry): void;
}

export interface HostTelemetryOptions {
  /** Those that there are now. */
  workers(): readonly CountingWorker[];
  onWarning(message: string): void;
  /** Whether requests are kept, so that one can be looked into. */
  readonly keepsRequests?: boolean | undefined;
  /** A worker that has not answered by then is taken as it was last. */
  readonly answerMsMax?: number;
}

interface Question {
  readonly waiting: Set<CountingWorker>;
  readonly answered: PromiseWithResolvers<void>;
}

/** Who has answered a request, and under which number it is known there. */
interface Origin {
  readonly worker: CountingWorker;
  readonly request: number;
}

interface Look {
  readonly worker: CountingWorker;
  readonly found: PromiseWithResolvers<KeptRequest | undefined>;
}

/**
 * What all workers of a host have counted together, for whoever looks: metrics, and requests as they
 * end. What a worker counted stays counted after it has gone.
 */
export class HostTelemetry implements AdminSource {
  readonly metrics = new RuntimeMetrics(limits.hostMetricsTimes);
  readonly requestLog: RequestLog;
  /** Requests of all workers; undefined where none are kept. */
  readonly recorder: RequestRecorder | undefined;
  readonly #options: HostTelemetryOptions;
  readonly #last = new Map<CountingWorker, WorkerCounts>();
  /** Of workers that have gone. */
  readonly #gone = new RuntimeMetrics(limits.hostMetricsTimes);
  /** Whether the metrics are to be put together anew: something was taken away. */
  #isStale = false;
  readonly #questions = new Map<number, Question>();
  readonly #looks = new Map<number, Look>();
  readonly #origins = new WeakMap<NumberedRequest, Origin>();
  readonly #told = new Set<string>();
  #asked = 0;
  #isRecording = false;

  constructor(options: HostTelemetryOptions) {
    this.#options = options;
    this.recorder = options.keepsRequests === true ? new RequestRecorder() : undefined;
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
        this.#count(worker, message);
        this.#answered(message.id, worker);
        return;
      case "requests":
        this.#take(worker, message);
        return;
      case "looked":
        this.#looks.get(message.id)?.found.resolve(message.kept);
        return;
      case "untold":
        this.#warn(message.message);
        return;
    }
  }

  /** A worker has gone. */
  lost(worker: CountingWorker): void {
    addCounts(this.#gone, this.#last.get(worker)?.all ?? [], "lasting");
    this.#isStale = true;
    this.#last.delete(worker);
    for (const look of this.#looks.values()) {
      if (look.worker === worker) look.found.resolve(undefined);
    }
    for (const id of this.#questions.keys()) this.#answered(id, worker);
  }

  /** An app is not served any more: what was counted for it goes. */
  forget(app: string): void {
    this.#gone.forget(app);
    for (const counts of this.#last.values()) counts.forget(app);
    this.#isStale = true;
    this.recorder?.forget(app);
  }

  /** Everything that is known of a request that is kept; undefined where it is not (any more). */
  async find(id: number): Promise<KeptRequest | undefined> {
    const kept = this.recorder?.find(id);
    const origin = kept && this.#origins.get(kept.record);
    if (kept === undefined || kept.spans.length > 0 || origin === undefined) return kept;
    const { worker, request } = origin;
    const look = ++this.#asked;
    const found = Promise.withResolvers<KeptRequest | undefined>();
    this.#looks.set(look, { worker, found });
    if (this.#options.workers().includes(worker)) worker.tell({ kind: "look", id: look, request });
    else found.resolve(undefined);
    const { answerMsMax = limits.hostCountMsMax } = this.#options;
    const known = await Promise.race([
      found.promise,
      delay(answerMsMax, undefined, { ref: false }),
    ]);
    this.#looks.delete(look);
    return known === undefined ? kept : { ...known, record: kept.record };
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
    if (!this.#isStale) return;
    this.#isStale = false;
    this.metrics.clear();
    addCounts(this.metrics, countsOf(this.#gone));
    for (const counts of this.#last.values()) addCounts(this.metrics, counts.all);
  }

  #count(worker: CountingWorker, changes: CountChanges): void {
    const counts = this.#last.getOrInsertComputed(worker, () => new WorkerCounts());
    const differences = counts.take(changes);
    if (differences === undefined) this.#isStale = true;
    else if (!this.#isStale) addCounts(this.metrics, differences);
  }

  /** Who follows requests by tail gets them as they are, whatever numbers their worker gave them. */
  #take(worker: CountingWorker, { records, failed, lost }: RequestsOfWorker): void {
    const details = new Map(failed.map((kept) => [kept.record.id, kept]));
    for (const numbered of records) {
      const { id = 0, ...record } = numbered as Partial<NumberedRequest> & RequestRecord;
      if (this.requestLog.isWatched) this.requestLog.add(record);
      const kept = details.get(id);
      const trace = kept && {
        size: kept.spans.length + kept.guestSpans.length,
        ...{ ended: kept.spans, guestSpans: kept.guestSpans, lost: kept.spansLost },
      };
      const lines = kept && { kept: kept.lines, lost: kept.linesLost };
      const added = this.recorder?.add(record, trace, lines);
      if (added !== undefined) this.#origins.set(added, { worker, request: id });
    }
    if (lost === 0) return;
    this.requestLog.lost(lost);
    this.recorder?.log.lost(lost);
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
