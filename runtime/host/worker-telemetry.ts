import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { OpenTelemetry } from "../telemetry/open-telemetry.ts";
import { CountReader } from "../telemetry/metrics/family-counts.ts";
import { limits } from "../limits.ts";
import type { RequestSubscription } from "../telemetry/live/request-log.ts";
import type { RequestRecord } from "../telemetry/live/request-record.ts";
import type { KeptRequest, NumberedRequest } from "../telemetry/live/request-recorder.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { AboutTelemetry, FromWorker, WorkerSettings } from "./protocol.ts";

/** What the apps of one worker tell of themselves: exported from here, counted for the doorman. */
export class WorkerTelemetry {
  readonly #telemetry: OpenTelemetry;
  readonly #tell: (message: FromWorker) => void;
  readonly #counts = new CountReader();
  #following: RequestSubscription | undefined;

  private constructor(telemetry: OpenTelemetry, tell: (message: FromWorker) => void) {
    this.#telemetry = telemetry;
    this.#tell = tell;
  }

  /** Undefined where nobody wants it. Never rejects. */
  static async open(
    { telemetry: wanted, processEnvironment: environment, index }: WorkerSettings,
    tell: (message: FromWorker) => void,
  ): Promise<WorkerTelemetry | undefined> {
    if (wanted === undefined) return undefined;
    const { openTelemetry } = await import("../telemetry/open-telemetry.ts");
    const hostName = hostname();
    // Each thread counts for itself: for a collector it is an instance of its own.
    const instance = ["service.instance.id", `${hostName}:${process.pid}:${index}`] as const;
    const telemetry = await openTelemetry({
      environment,
      resource: {
        ...{ version: wanted.version, hostName, pid: process.pid },
        attributes: [instance],
      },
      begin: wanted.begin,
      keepsRequests: wanted.keepsRequests === true,
      metricsTimes: limits.hostMetricsTimes,
      cpuOf: "thread",
      onWarning: (message) => tell({ kind: "untold", message }),
      onLinesDropped: (component, count) => {
        const message = `${component}: ${count} lines dropped: it writes more than is shown`;
        tell({ kind: "warning", app: "", message });
      },
    });
    const own = new WorkerTelemetry(telemetry, tell);
    if (wanted.keepsRequests === true) own.take({ kind: "follow", isOn: true });
    return own;
  }

  /** An app's own: under the name that it has on this host, whatever its manifest says. */
  ofApp(app: string): Telemetry {
    const all = this.#telemetry;
    return {
      isOn: all.isOn,
      isTracing: all.isTracing,
      handler: (identity) => all.handler({ ...identity, app }),
      lines: (component) => all.lines({ ...component, app }),
      observe: (source) =>
        all.observe(() => Iterator.from(source()).map((usage) => ({ ...usage, app }))),
      forget: () => all.forget(app),
    };
  }

  forget(app: string): void {
    this.#telemetry.forget(app);
  }

  take(message: AboutTelemetry): void {
    switch (message.kind) {
      case "record":
        this.#telemetry.record();
        return;
      case "count":
        this.#telemetry.collect();
        this.#tell({
          ...{ kind: "counted", id: message.id },
          ...this.#counts.read(this.#telemetry.metrics),
        });
        return;
      case "follow":
        this.#setFollowing(message.isOn);
        return;
      case "look": {
        const { id, request } = message;
        this.#tell({ kind: "looked", id, kept: this.#telemetry.recorder?.find(request) });
        return;
      }
    }
  }

  /** Sends what is left to the collector, for a bounded time. */
  async close(): Promise<void> {
    this.#following?.[Symbol.dispose]();
    await this.#telemetry.close();
  }

  /** Where requests are kept, the doorman hears of all of them. */
  #setFollowing(isWanted: boolean): void {
    const { recorder, requestLog } = this.#telemetry;
    const isOn = isWanted || recorder !== undefined;
    if (isOn === (this.#following !== undefined)) return;
    this.#following?.[Symbol.dispose]();
    this.#following = isOn ? (recorder?.log ?? requestLog).subscribe(() => true) : undefined;
    if (this.#following !== undefined) void this.#follow(this.#following);
  }

  /** One message for many requests: under load a message for each would cost more than some guests. */
  async #follow(requests: RequestSubscription): Promise<void> {
    for (let item = await requests.next(); item !== undefined; item = await requests.next()) {
      const { records, lost } = requests.take(limits.requestLogWaitingMax);
      const first = item.kind === "request" ? [item.record] : [];
      const all = [...first, ...records];
      this.#tell({
        kind: "requests",
        records: all,
        failed: all.flatMap((record) => this.#failureOf(record)),
        lost: lost + (item.kind === "lost" ? item.count : 0),
      });
      await delay(limits.hostRequestsEveryMs, undefined, { ref: false });
    }
  }

  #failureOf(record: RequestRecord | NumberedRequest): KeptRequest[] {
    if (record.error === undefined || !("id" in record)) return [];
    const kept = this.#telemetry.recorder?.find(record.id);
    return kept === undefined ? [] : [kept];
  }
}
