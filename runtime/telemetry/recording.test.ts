import { describe, expect, onTestFinished, test, vi } from "vitest";
import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { noInvocation } from "./no-telemetry.ts";
import { openTelemetry, type OpenTelemetry, type TelemetryOptions } from "./open-telemetry.ts";
import { answer, begin, traceparent } from "./test-telemetry.ts";

function open(options: Partial<TelemetryOptions>): Promise<OpenTelemetry> {
  return openTelemetry({
    environment: {},
    resource: { version: "1", hostName: "host", pid: 1 },
    lineRate: { perSecond: 1, burst: 3 },
    onWarning: () => undefined,
    onLinesDropped: () => undefined,
    ...options,
  });
}

function total(family: { series(): { value: { value: number } }[] }): number {
  return family.series().reduce((sum, { value }) => sum + value.value, 0);
}

describe("when it begins", () => {
  test("nothing is recorded until somebody looks", async () => {
    const telemetry = await open({ begin: "asked" });
    expect(begin(telemetry)).toBe(noInvocation);
    telemetry.record();
    answer(begin(telemetry));
    expect(total(telemetry.metrics.requests)).toBe(1);
    await telemetry.close();
  });

  test("who exports records at once", async () => {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
    const telemetry = await open({ begin: "asked", environment });
    expect(begin(telemetry).isOn).toBe(true);
    await telemetry.close(AbortSignal.abort());
  });
});

test("lines outside of recorded requests have the same rate limit, and are counted", async () => {
  const dropped: [string, number][] = [];
  const telemetry = await open({
    begin: "asked",
    onLinesDropped: (component, count) => dropped.push([component, count]),
  });
  const gate = telemetry.lines({ app: "shop", component: "cart" });
  expect(Array.from({ length: 5 }, () => gate.line("stdout", "x"))).toEqual([
    ...[true, true, true, false, false],
  ]);
  telemetry.record();
  expect(begin(telemetry).line("stdout", "x")).toBe(false);
  expect(total(telemetry.metrics.lines)).toBe(6);
  await telemetry.close();
  expect(dropped).toEqual([["cart", 3]]);
});

describe("requests that are kept", () => {
  test("have spans that nobody exports, and no trace context goes out for them", async () => {
    const telemetry = await open({ keepsRequests: true });
    expect(telemetry.isTracing).toBe(true);
    const invocation = begin(telemetry);
    const call = invocation.outbound({ method: "GET", origin: "https://api", path: "/" });
    expect(call.headers(["accept", "*/*"])).toEqual(["accept", "*/*"]);
    call.end(undefined, "DNS-error");
    answer(invocation);
    expect(telemetry.recorder?.find(1)?.spans).toHaveLength(6);
    await telemetry.close();
  });

  test("pass the caller's context on as it came", async () => {
    const telemetry = await open({ keepsRequests: true });
    const invocation = begin(telemetry, ["traceparent", traceparent]);
    const call = invocation.outbound({ method: "GET", origin: "https://api", path: "/" });
    expect(call.headers([])).toEqual(["traceparent", traceparent]);
    expect(call.headers(["traceparent", "own"])).toEqual(["traceparent", "own"]);
    await telemetry.close();
  });

  test("are as many in a second as are kept at all, and failures always", async () => {
    const telemetry = await open({ keepsRequests: true });
    const { recorder } = telemetry;
    const clock = vi.spyOn(performance, "now").mockReturnValue(1000);
    onTestFinished(() => clock.mockRestore());
    using followed = recorder?.log.subscribe(() => true);
    for (let at = 0; at < limits.requestsKeptMax + 3; at++) answer(begin(telemetry));
    expect(followed?.take(1).records[0]?.id).toBe(1);
    const failing = begin(telemetry);
    failing.failed(new WhorlError("trap", "unreachable"));
    answer(failing);
    expect(recorder?.page(undefined, 1, () => true)).toMatchObject({
      requests: [{ id: limits.requestsKeptMax + 1, error: "trap" }],
    });
    const { records, lost } = followed?.take(Infinity) ?? { records: [], lost: 0 };
    expect(records.length + lost).toBe(limits.requestsKeptMax + 3);
    expect(total(telemetry.metrics.spinRequests)).toBe(limits.requestsKeptMax + 4);
    await telemetry.close();
  });

  test("hold the spans of the guest itself, which is told that they are wanted", async () => {
    const telemetry = await open({ keepsRequests: true });
    const invocation = begin(telemetry);
    const outer = invocation.guest?.outer;
    expect(outer?.traceFlags.sampled).toBe(true);
    const time = { seconds: 1n, nanoseconds: 0 };
    invocation.guest?.onSpan({
      spanContext: { ...(outer as NonNullable<typeof outer>), spanId: "1".repeat(16) },
      ...{ parentSpanId: "", spanKind: "internal", name: "work", startTime: time, endTime: time },
      ...{ attributes: [], events: [], links: [], status: { tag: "ok" } },
      ...{ droppedAttributes: 0, droppedEvents: 0, droppedLinks: 0 },
      instrumentationScope: { name: "x", version: undefined, schemaUrl: undefined, attributes: [] },
    });
    answer(invocation);
    expect(telemetry.recorder?.find(1)?.guestSpans).toHaveLength(1);
    await telemetry.close();
  });
});

describe("limits that requests ran into", () => {
  test.each<[string, unknown, string]>([
    ["itself", new WhorlError("limit", "busy", { limit: "instances" }), "instances"],
    [
      "as the cause of a trap",
      new WhorlError("trap", "handle failed", {
        cause: new WhorlError("limit", "slow", { limit: "time" }),
      }),
      "time",
    ],
  ])("%s", async (_, error, limit) => {
    const telemetry = await open({});
    const invocation = begin(telemetry);
    invocation.failed(error);
    invocation.failed(error);
    answer(invocation, 500);
    const [hit] = telemetry.metrics.limitHits.series();
    expect(hit).toMatchObject({ labelValues: ["shop", "cart", limit], value: { value: 1 } });
    expect(telemetry.metrics.errors.series()[0]?.labelValues.at(-1)).toBe("limit");
    await telemetry.close();
  });

  test("other failures are none", async () => {
    const telemetry = await open({});
    const invocation = begin(telemetry);
    const cause: Error = new Error("a", { cause: "text" });
    invocation.failed(new WhorlError("trap", "b", { cause }));
    invocation.end();
    expect(telemetry.metrics.limitHits.series()).toEqual([]);
    await telemetry.close();
  });
});

describe("usage", () => {
  test("is there while its source is, and zero afterwards", async () => {
    const telemetry = await open({});
    const source = telemetry.observe(() => [
      { app: "shop", component: "cart", memoryBytes: 65_536, busyInstances: 2, idleInstances: 1 },
    ]);
    telemetry.collect();
    const { memory, instances } = telemetry.metrics;
    expect([total(memory), total(instances)]).toEqual([65_536, 3]);
    source[Symbol.dispose]();
    expect([total(memory), total(instances)]).toEqual([0, 0]);
    await telemetry.close();
  });

  test("the processor time of the process is shared out by how long guests were at work", async () => {
    const telemetry = await open({});
    const { cpu } = telemetry.metrics;
    telemetry.collect();
    expect(total(cpu)).toBe(0);
    const invocation = begin(telemetry);
    invocation.instanceWanted();
    invocation.instanceTaken("reset");
    const until = process.cpuUsage().user + 20_000;
    while (process.cpuUsage().user < until);
    invocation.end();
    telemetry.collect();
    expect(total(cpu)).toBeGreaterThan(0.019);
    await telemetry.close();
  });
});
