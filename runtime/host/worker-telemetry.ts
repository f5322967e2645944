import { hostname } from "node:os";
import type { OpenTelemetry } from "../telemetry/open-telemetry.ts";
import { countsOf } from "../telemetry/metrics/family-counts.ts";
import type { RequestSubscription } from "../telemetry/live/request-log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { AboutTelemetry, FromWorker, WorkerSettings } from "./protocol.ts";

/** Records that are sent to the doorman at once. */
const batchMax = 100;

/** What the apps of one worker tell of themselves: exported from here, counted for the doorman. */
export class WorkerTelemetry {
  readonly #telemetry: OpenTelemetry;
  readonly #tell: (message: FromWorker) => void;
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
      cpuOf: "thread",
      onWarning: (message) => tell({ kind: "untold", message }),
      onLinesDropped: (component, count) => {
        const message = `${component}: ${count} lines dropped: it writes more than is shown`;
        tell({ kind: "warning", app: "", message });
      },
    });
    return new WorkerTelemetry(telemetry, tell);
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
        this.#tell({ kind: "counted", id: message.id, counts: countsOf(this.#telemetry.metrics) });
        return;
      case "follow":
        this.#following?.[Symbol.dispose]();
        this.#following = message.isOn
          ? this.#telemetry.requestLog.subscribe(() => true)
          : undefined;
        if (this.#following !== undefined) void this.#follow(this.#following);
        return;
    }
  }

  /** Sends what is left to the collector, for a bounded time. */
  async close(): Promise<void> {
    this.#following?.[Symbol.dispose]();
    await this.#telemetry.close();
  }

  async #follow(requests: RequestSubscription): Promise<void> {
    for (let item = await requests.next(); item !== undefined; item = await requests.next()) {
      if (item.kind === "lost") continue;
      const { records } = requests.take(batchMax);
      this.#tell({ kind: "requests", records: [item.record, ...records] });
    }
  }
}
