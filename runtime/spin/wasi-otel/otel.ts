import { type HostInterface, ok, type Result } from "../../instance/host-interface.ts";
import type { Awaitable } from "../key-value/key-value-store.ts";
import type { OtelScope } from "./otel-scope.ts";
import type { LogRecord, ResourceMetrics, SpanContext, SpanData } from "./otel-types.ts";

const version = "0.2.0-rc.2";

/** wasi:otel/tracing. */
export const tracing: HostInterface<OtelScope> = {
  name: "wasi:otel/tracing",
  version,
  functions: {
    "on-start": ({ otel }: OtelScope, context: SpanContext): void => otel.begin(context),
    "on-end": ({ otel }: OtelScope, span: SpanData): void => otel.end(span),
    "outer-span-context": ({ otel }: OtelScope): SpanContext => otel.outer,
  },
  suspending: new Set(),
  resources: {},
};

/** wasi:otel/metrics. */
export const metrics: HostInterface<OtelScope> = {
  name: "wasi:otel/metrics",
  version,
  functions: {
    export: (
      { otel }: OtelScope,
      resourceMetrics: ResourceMetrics,
    ): Awaitable<Result<void, string>> =>
      otel.sink.onMetrics === undefined ? ok(undefined) : otel.sink.onMetrics(resourceMetrics),
  },
  suspending: new Set(["export"]),
  resources: {},
};

/** wasi:otel/logs. */
export const logs: HostInterface<OtelScope> = {
  name: "wasi:otel/logs",
  version,
  functions: {
    "on-emit": ({ otel }: OtelScope, record: LogRecord): void => otel.sink.onLog?.(record),
  },
  suspending: new Set(),
  resources: {},
};
