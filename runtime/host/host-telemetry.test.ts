import { describe, expect, test } from "vitest";
import type { RequestRecord } from "../telemetry/live/request-record.ts";
import { addCounts, CountReader } from "../telemetry/metrics/family-counts.ts";
import { RuntimeMetrics } from "../telemetry/metrics/runtime-metrics.ts";
import { HostTelemetry } from "./host-telemetry.ts";
import type { CountingWorker } from "./host-telemetry.ts";
import type { ExportedSpan } from "../telemetry/trace/span-record.ts";
import type { AboutTelemetry, RequestsOfWorker } from "./protocol.ts";

/** A worker's end: counts, and answers at once unless it is stuck. */
class Worker implements CountingWorker {
  readonly told: AboutTelemetry[] = [];
  readonly metrics = new RuntimeMetrics();
  isStuck = false;
  readonly #reader = new CountReader();
  readonly #host: () => HostTelemetry;

  constructor(host: () => HostTelemetry) {
    this.#host = host;
  }

  count(app: string, requests: number): void {
    addCounts(this.metrics, [
      {
        name: "whorl_cold_starts_total",
        series: [{ labelValues: [app, "c"], value: requests }],
      },
      { name: "whorl_guest_memory_bytes", series: [{ labelValues: [app, "c"], value: 65_536 }] },
    ]);
  }

  tell(message: AboutTelemetry): void {
    this.told.push(message);
    if (message.kind !== "count" || this.isStuck) return;
    const changes = this.#reader.read(this.metrics);
    queueMicrotask(() => this.#host().hear(this, { kind: "counted", id: message.id, ...changes }));
  }
}

interface Tried {
  readonly host: HostTelemetry;
  readonly workers: Worker[];
  readonly warnings: string[];
  found(app: string): Promise<{ readonly requests?: number; readonly memory?: number }>;
}

function tried(count: number, keepsRequests = false): Tried {
  const warnings: string[] = [];
  const workers: Worker[] = [];
  const host = new HostTelemetry({
    workers: () => workers,
    onWarning: (message) => void warnings.push(message),
    answerMsMax: 20,
    keepsRequests,
  });
  for (let at = 0; at < count; at++) workers.push(new Worker(() => host));
  const find = (name: "coldStarts" | "memory", app: string): number | undefined =>
    host.metrics[name].series().find(({ labelValues: [of] }) => of === app)?.value.value;
  const found: Tried["found"] = async (app) => {
    await host.collect();
    const [requests, memory] = [find("coldStarts", app), find("memory", app)];
    return {
      ...(requests !== undefined && { requests }),
      ...(memory !== undefined && { memory }),
    };
  };
  return { host, workers, warnings, found };
}

const record = { app: "shop", method: "GET", path: "/" } as RequestRecord;

test("what all workers have counted is one count, however often somebody looks", async () => {
  const { workers, found } = tried(2);
  workers[0]?.count("shop", 2);
  workers[1]?.count("shop", 3);
  expect(await found("shop")).toEqual({ requests: 5, memory: 131_072 });
  workers[1]?.count("shop", 1);
  expect(await found("shop")).toEqual({ requests: 6, memory: 196_608 });
});

test("a worker that is stuck in a guest is taken as it was last", async () => {
  const { workers, found } = tried(2);
  for (const worker of workers) worker.count("shop", 1);
  await found("shop");
  const [first, second] = workers;
  if (first === undefined || second === undefined) throw new Error("there are two");
  second.isStuck = true;
  first.count("shop", 1);
  expect(await found("shop")).toMatchObject({ requests: 3 });
});

test("counts of a worker that has gone stay, its memory does not; an app's go with it", async () => {
  const { host, workers, found } = tried(2);
  for (const worker of workers) worker.count("shop", 2);
  await found("shop");
  const gone = workers.pop();
  if (gone !== undefined) host.lost(gone);
  expect(await found("shop")).toEqual({ requests: 4, memory: 65_536 });
  host.forget("shop");
  workers[0]?.metrics.forget("shop");
  expect(await found("shop")).toEqual({});
  workers[0]?.count("shop", 1);
  expect(await found("shop")).toEqual({ requests: 1, memory: 65_536 });
});

test("a series that a worker has forgotten by itself is not counted any more", async () => {
  const { workers, found } = tried(2);
  for (const worker of workers) {
    worker.count("shop", 2);
    worker.count("blog", 1);
  }
  await found("shop");
  workers[0]?.metrics.forget("shop");
  expect(await found("shop")).toEqual({ requests: 2, memory: 65_536 });
  workers[0]?.count("blog", 1);
  expect(await found("blog")).toEqual({ requests: 3, memory: 196_608 });
});

test("nobody waits for a worker that goes meanwhile, nor where there is none", async () => {
  const { host, workers, found } = tried(1);
  const [only] = workers;
  if (only === undefined) throw new Error("there is one");
  only.isStuck = true;
  const looked = found("shop");
  workers.pop();
  host.lost(only);
  expect(await looked).toEqual({});
  expect(await found("shop")).toEqual({});
});

test("workers send requests while somebody watches, those that come later too", async () => {
  const { host, workers } = tried(1);
  host.record();
  host.record();
  using watching = host.requestLog.subscribe(() => true);
  const late = new Worker(() => host);
  host.greet(late);
  expect(workers[0]?.told).toEqual([{ kind: "record" }, { kind: "follow", isOn: true }]);
  expect(late.told).toEqual(workers[0]?.told);
  host.hear(late, { kind: "requests", records: [record], failed: [], lost: 0 });
  expect(await watching?.next()).toEqual({ kind: "request", record });
  watching?.[Symbol.dispose]();
  expect(workers[0]?.told.at(-1)).toEqual({ kind: "follow", isOn: false });
});

describe("requests that are kept", () => {
  const failure = { ...record, error: "trap", message: "boom" };
  const span = { from: "host", span: { name: "GET /..." } } as ExportedSpan;
  const nothing = { guestSpans: [], spansLost: 0, lines: [], linesLost: 0 };

  function requests(...ids: readonly number[]): RequestsOfWorker {
    const records = ids.map((id) => ({ ...record, id }));
    return { kind: "requests", records, failed: [], lost: 0 };
  }

  test("have numbers of their own, and are looked into where they were answered", async () => {
    const { host, workers } = tried(2, true);
    const [one, other] = workers;
    if (one === undefined || other === undefined) throw new Error("there are two");
    host.hear(one, requests(1, 2));
    host.hear(other, requests(1));
    expect(host.recorder?.page(undefined, 9, () => true).requests.map(({ id }) => id)).toEqual([
      1, 2, 3,
    ]);
    const found = host.find(3);
    expect(other.told.at(-1)).toMatchObject({ kind: "look", request: 1 });
    expect(one.told).toEqual([]);
    const { id } = other.told.at(-1) as { readonly id: number };
    const kept = { record: { ...record, id: 1 }, spans: [span], ...nothing };
    host.hear(other, { kind: "looked", id, kept });
    expect(await found).toEqual({ ...kept, record: { ...record, id: 3 } });
    expect(await host.find(99)).toBeUndefined();
  });

  test("whose worker is stuck, has gone or has forgotten them are told as far as known", async () => {
    const { host, workers } = tried(2, true);
    const [stuck, gone] = workers;
    if (stuck === undefined || gone === undefined) throw new Error("there are two");
    host.hear(stuck, requests(1));
    host.hear(gone, requests(1));
    expect(await host.find(1)).toMatchObject({ record: { id: 1 }, spans: [] });
    const asked = host.find(2);
    host.lost(gone);
    expect(await asked).toMatchObject({ record: { id: 2 }, spans: [] });
    workers.pop();
    expect(await host.find(2)).toMatchObject({ record: { id: 2 }, spans: [] });
  });

  test("that failed are known with everything, whatever becomes of their worker", async () => {
    const { host, workers } = tried(1, true);
    const [worker] = workers;
    if (worker === undefined) throw new Error("there is one");
    const kept = { record: { ...failure, id: 7 }, spans: [span], ...nothing };
    host.hear(worker, { ...requests(), records: [kept.record], failed: [kept] });
    host.lost(worker);
    expect(await host.find(1)).toMatchObject({ record: { id: 1, message: "boom" }, spans: [span] });
    expect(host.recorder?.failures("shop")).toHaveLength(1);
    host.forget("shop");
    expect(host.recorder?.failures("shop")).toEqual([]);
  });

  test("who follows gets them without numbers of workers, and is told what was lost", async () => {
    const { host, workers } = tried(1, true);
    const [worker] = workers;
    if (worker === undefined) throw new Error("there is one");
    using watching = host.requestLog.subscribe(() => true);
    host.hear(worker, { ...requests(41), lost: 3 });
    expect(await watching?.next()).toEqual({ kind: "request", record });
    expect(await watching?.next()).toEqual({ kind: "lost", count: 3 });
  });
});

test("what every worker finds wrong is told once", () => {
  const { host, workers, warnings } = tried(3);
  for (const worker of workers) host.hear(worker, { kind: "untold", message: "no gRPC" });
  expect(warnings).toEqual(["no gRPC"]);
});
