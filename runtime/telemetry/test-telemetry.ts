import type { OpenTelemetry } from "./open-telemetry.ts";
import { openTelemetry } from "./open-telemetry.ts";
import type { TestCollector } from "./otlp/test-collector.ts";
import type { Invocation } from "./telemetry.ts";

/** Of the caller of the tests' requests. */
export const traceId = "0af7651916cd43dd8448eb211c80319c";
/** The header with it. */
export const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

/** A process that tells, and what it has said. */
export interface Opened {
  readonly telemetry: OpenTelemetry;
  readonly warnings: string[];
  readonly dropped: [string, number][];
}

/** Opens telemetry that lets three lines of a component pass at once. */
export async function open(environment: Record<string, string> = {}): Promise<Opened> {
  const warnings: string[] = [];
  const dropped: [string, number][] = [];
  const telemetry = await openTelemetry({
    environment,
    resource: { version: "1", hostName: "host", pid: 1 },
    lineRate: { perSecond: 1, burst: 3 },
    onWarning: (message) => warnings.push(message),
    onLinesDropped: (component, count) => dropped.push([component, count]),
  });
  return { telemetry, warnings, dropped };
}

/** Variables that export to a collector as JSON. */
export function exportTo({ url }: TestCollector): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_TIMEOUT: "1000",
  };
}

/** A request arrives. */
export function begin(telemetry: OpenTelemetry, rawHeaders: string[] = []): Invocation {
  return telemetry
    .handler({ app: "shop", component: "cart", trigger: "http", route: "/cart/..." })
    .begin({
      method: "GET",
      scheme: "http",
      target: "/cart/17?x=1",
      rawHeaders,
      peer: { remoteAddress: "10.0.0.9", remotePort: 4242 },
    });
}

/** A request is answered by a new instance. */
export function answer(invocation: Invocation, status = 200): void {
  invocation.instanceWanted();
  invocation.instanceTaken("fresh");
  invocation.responded(status);
  invocation.resetStarted();
  invocation.resetEnded();
  invocation.end();
}

/** As OTLP/JSON has it. */
export interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}

/** What a collector got, by name. */
export function spansOf(collector: TestCollector): Map<string, Span> {
  const spans = new Map<string, Span>();
  for (const { path, body } of collector.received) {
    if (path !== "/v1/traces") continue;
    const { resourceSpans } = JSON.parse(body.toString()) as {
      resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
    };
    for (const { scopeSpans } of resourceSpans) {
      for (const scope of scopeSpans) for (const span of scope.spans) spans.set(span.name, span);
    }
  }
  return spans;
}

/** Attributes of a span, without their types. */
export function attributesOf(span: Span | undefined): Record<string, unknown> {
  return Object.fromEntries(
    (span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]),
  );
}

/** A counter's value, by the values of its labels. */
export function dropped(telemetry: OpenTelemetry, signal: string): Record<string, number> {
  const series = telemetry.metrics.telemetryDropped.series();
  return Object.fromEntries(
    series
      .filter(({ labelValues, value }) => labelValues[0] === signal && value.value > 0)
      .map(({ labelValues, value }) => [labelValues[1], value.value]),
  );
}
