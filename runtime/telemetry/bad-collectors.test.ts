import { describe, expect, test } from "vitest";
import { limits } from "../limits.ts";
import { startTestCollector } from "./otlp/test-collector.ts";
import { answer, begin, dropped, exportTo, open, spansOf } from "./test-telemetry.ts";

describe("bad collectors", () => {
  test("absent: guests notice nothing, what is lost is counted, the end comes in time", async () => {
    const { telemetry, warnings } = await open({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
    });
    for (let at = 0; at < limits.telemetryQueueItemsMax; at++) answer(begin(telemetry));
    await telemetry.close(AbortSignal.abort());
    const lost = dropped(telemetry, "spans");
    expect(lost["queue_full"]).toBeGreaterThan(0);
    expect(Object.values(lost).reduce((sum, count) => sum + count, 0)).toBe(
      limits.telemetryQueueItemsMax * 5,
    );
    expect(warnings.length).toBeLessThanOrEqual(3);
  });

  test.each<[string, number, string, string]>([
    ["500 is not tried again", 500, "", "refused"],
    ["400 with a page", 400, "<html>", "refused"],
    ["too long a Retry-After is not waited for", 429, "", "unreachable"],
  ])("%s", async (_, status, body, reason) => {
    await using collector = await startTestCollector((response) => {
      response.writeHead(status, { "retry-after": "86400" }).end(body);
    });
    const { telemetry, warnings } = await open(exportTo(collector));
    answer(begin(telemetry));
    await telemetry.close();
    expect(dropped(telemetry, "spans")).toEqual({ [reason]: 5 });
    expect(collector.received.filter(({ path }) => path === "/v1/traces")).toHaveLength(1);
    expect(warnings[0]).toContain(`it answers ${status}`);
  });

  test("one that is overloaded for a moment gets the same export again", async () => {
    await using collector = await startTestCollector((response, index) => {
      response.writeHead(index === 0 ? 503 : 200, { "retry-after": "0" }).end();
    });
    const environment = { ...exportTo(collector), OTEL_METRICS_EXPORTER: "none" };
    const { telemetry, warnings } = await open(environment);
    answer(begin(telemetry));
    await telemetry.close();
    expect(collector.received).toHaveLength(2);
    expect(collector.received[1]?.body).toEqual(collector.received[0]?.body);
    expect(dropped(telemetry, "spans")).toEqual({});
    expect(warnings).toEqual([]);
  });

  test("part of an export refused is counted; nonsense in an answer is not obeyed", async () => {
    await using collector = await startTestCollector((response, index) => {
      response.setHeader("content-type", "application/json");
      response.end(index === 0 ? '{"partialSuccess":{"rejectedSpans":"2"}}' : "}{".repeat(100_000));
    });
    const { telemetry } = await open({ ...exportTo(collector), OTEL_METRICS_EXPORTER: "none" });
    answer(begin(telemetry));
    await telemetry.close();
    expect(dropped(telemetry, "spans")).toEqual({ rejected: 2 });
  });

  test("one that takes and never answers holds nobody at the end", async () => {
    await using collector = await startTestCollector(() => undefined);
    const { telemetry } = await open({
      ...exportTo(collector),
      OTEL_EXPORTER_OTLP_TIMEOUT: "60000",
    });
    answer(begin(telemetry));
    const impatient = new AbortController();
    const closed = telemetry.close(impatient.signal);
    await collector.until(1);
    impatient.abort();
    await closed;
    expect(dropped(telemetry, "spans")).toEqual({ unreachable: 5 });
  });

  test("gzip and headers arrive as asked for", async () => {
    await using collector = await startTestCollector();
    const { telemetry } = await open({
      ...exportTo(collector),
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20b",
    });
    answer(begin(telemetry));
    await telemetry.close();
    expect(collector.received[0]?.headers).toMatchObject({
      "content-encoding": "gzip",
      "content-type": "application/json",
      "x-key": "a b",
    });
    expect(spansOf(collector).has("GET /cart/...")).toBe(true);
  });

  test("a certificate that cannot be read is told of, and nothing is exported", async () => {
    const { telemetry, warnings } = await open({
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://127.0.0.1:1",
      OTEL_EXPORTER_OTLP_CERTIFICATE: "/no/such/file",
    });
    expect(warnings.join("\n")).toContain("/no/such/file");
    expect(telemetry.isTracing).toBe(false);
    answer(begin(telemetry));
    await telemetry.close();
  });
});
