/** A real component that uses wasi:otel: what it tells is part of its request's trace. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  startTestCollector,
  type TestCollector,
} from "../../runtime/telemetry/otlp/test-collector.ts";
import { limits } from "../../runtime/limits.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const unsampledId = "0af7651916cd43dd8448eb211c80319c";

interface Scoped {
  readonly scope: object;
  readonly spans?: readonly Span[];
  readonly logRecords?: readonly LogRecord[];
  readonly metrics?: readonly { readonly name: string }[];
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
}

interface LogRecord {
  readonly severityText?: string;
}

const stack = new AsyncDisposableStack();
let collector: TestCollector;
/** `traceparent` of what the guest called. */
const arrived: unknown[] = [];
let answers: Response[];
let stderr: string;

beforeAll(async () => {
  collector = stack.use(await startTestCollector());
  // Nobody else's apps are to be seen here.
  const folder = mkdtempSync(join(tmpdir(), "whorl-test-"));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const called = createServer((request, response) => {
    arrived.push(request.headers["traceparent"]);
    response.end("there");
  }).listen(0, "127.0.0.1");
  stack.defer(() => void called.close());
  await once(called, "listening");
  const { port } = called.address() as AddressInfo;
  await using process = await WhorlProcess.up(wasmApp("otel-rust"), [], {
    XDG_RUNTIME_DIR: folder,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  });
  const post = (path: string, traceparent: string, argument: unknown): Promise<Response> =>
    fetch(`${process.url}${path}`, {
      method: "POST",
      headers: { traceparent },
      body: JSON.stringify([argument]),
    });
  const url = `http://127.0.0.1:${port}/`;
  answers = [
    await post("/traced", `00-${traceId}-00f067aa0ba902b7-01`, url),
    await post("/traced", `00-${unsampledId}-00f067aa0ba902b7-00`, url),
    await post("/wasi:otel/on-end of none", `00-${traceId}-00f067aa0ba902b7-01`, neverBegun),
  ];
  process.signal("SIGTERM");
  await process.ended();
  ({ stderr } = process);
});
afterAll(() => stack.disposeAsync());

const neverBegun = {
  span_context: {
    ...{ trace_id: traceId, span_id: "b7ad6b7169203331", trace_flags: true },
    ...{ is_remote: false, trace_state: [] },
  },
  ...{ parent_span_id: "", span_kind: "Internal", name: "never begun", status: "Unset" },
  ...{ start_time: { seconds: 1, nanoseconds: 0 }, end_time: { seconds: 2, nanoseconds: 0 } },
  ...{ attributes: [], events: [], links: [] },
  instrumentation_scope: { name: "", version: null, schema_url: null, attributes: [] },
  ...{ dropped_attributes: 0, dropped_events: 0, dropped_links: 0 },
};

/** What was exported of one signal, by the instrumentation that it comes from. */
function exported(signal: "Spans" | "Logs" | "Metrics"): Scoped[] {
  return collector.received.flatMap(({ body }) => {
    const parsed = JSON.parse(body.toString()) as Record<string, Record<string, Scoped[]>[]>;
    return (parsed[`resource${signal}`] ?? []).flatMap((each) => each[`scope${signal}`] ?? []);
  });
}

function spansOf(trace: string): Span[] {
  const all = exported("Spans").flatMap(({ spans }) => spans ?? []);
  return all.filter((span) => span.traceId === trace);
}

function spanNamed(name: string): Span {
  const found = spansOf(traceId).find((span) => span.name === name);
  if (found === undefined) throw new Error(`no span ${name}`);
  return found;
}

test("the guest is answered as without telemetry", async () => {
  expect(await Promise.all(answers.slice(0, 2).map((each) => each.json()))).toEqual([
    { Ok: 200 },
    { Ok: 200 },
  ]);
});

test("its span hangs from that of its execution, with all that it says", () => {
  expect(spanNamed("guest work")).toMatchObject({
    parentSpanId: spanNamed("execute_wasm_component otel").spanId,
    attributes: expect.arrayContaining([{ key: "order", value: { intValue: "42" } }]) as unknown,
    status: { code: 1 },
  });
  const scopes = exported("Spans").filter(({ spans }) =>
    spans?.some(({ name }) => name === "guest work"),
  );
  expect(scopes).toMatchObject([{ scope: { name: "traced", version: "1.2.3" } }]);
});

test("what it calls meanwhile hangs from its span", () => {
  const sent = spanNamed("spin_outbound_http.send_request");
  expect(sent.parentSpanId).toBe(spanNamed("guest work").spanId);
  expect(arrived[0]).toBe(`00-${traceId}-${sent.spanId}-01`);
});

test("its log record belongs to its span", () => {
  const records = exported("Logs").flatMap(({ logRecords }) => logRecords ?? []);
  expect(records.filter(({ severityText }) => severityText === "INFO")).toContainEqual(
    expect.objectContaining({
      traceId,
      spanId: spanNamed("guest work").spanId,
      severityNumber: 9,
      body: { stringValue: "the guest has called" },
    }),
  );
});

test("its metric is exported as it counts", () => {
  const found = exported("Metrics").filter(({ metrics }) =>
    metrics?.some(({ name }) => name === "guest.calls"),
  );
  expect(found).not.toEqual([]);
  expect(found[0]).toMatchObject({
    scope: { name: "traced" },
    metrics: [
      {
        unit: "{call}",
        sum: { isMonotonic: true, aggregationTemporality: 1, dataPoints: [{ asInt: "1" }] },
      },
    ],
  });
});

test("a trace that is not sampled stays so", () => {
  expect(spansOf(unsampledId)).toEqual([]);
  expect(arrived[1]).toMatch(new RegExp(`^00-${unsampledId}-[0-9a-f]{16}-00$`));
});

test("to end a span that was never begun ends the guest, and is told", () => {
  expect(answers[2]?.status).toBe(500);
  expect(stderr).toMatch(/on-end.*: .*Trying to end a span that was not started/);
  expect(spansOf(traceId).map(({ name }) => name)).not.toContain("never begun");
});

test("a collector that never answers is an error of the guest's export, in the end", async () => {
  await using silent = await startTestCollector(() => undefined);
  await using process = await WhorlProcess.up(wasmApp("otel-rust"), ["--quiet"], {
    OTEL_EXPORTER_OTLP_ENDPOINT: silent.url,
  });
  const metrics = { resource: { attributes: [], schema_url: null }, scope_metrics: [] };
  const send = async (): Promise<unknown> => {
    const body = JSON.stringify([metrics]);
    return (await fetch(`${process.url}/wasi:otel/export`, { method: "POST", body })).json();
  };
  const results: unknown[] = [];
  while (results.length <= 2 * limits.guestMetricsWaitingMax) results.push(await send());
  expect(results[0]).toEqual({ Ok: null });
  expect(results.at(-1)).toEqual({ Err: expect.stringContaining("too many metric exports") });
  process.signal("SIGKILL");
});
