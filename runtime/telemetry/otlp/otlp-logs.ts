import type { GuestLog } from "../guest-telemetry.ts";
import type { ExportedLog, LineRecord } from "../log-record.ts";
import { groupByScope, guestScope, hostScope, otlpResource } from "./otlp-scope.ts";
import type { Exporting } from "./otlp-spans.ts";
import { boundedText, guestAttributes, guestNano, jsonValue, unixNano } from "./otlp-values.ts";

/** Severity numbers of OpenTelemetry: what a guest writes to stderr need not be an error. */
const severities = { stdout: 9, stderr: 13 } as const;
const severityTexts = { stdout: "INFO", stderr: "WARN" } as const;

/** ExportLogsServiceRequest in OTLP/JSON's form. */
export function logsRequest(
  logs: readonly ExportedLog[],
  { resource, version }: Exporting,
): Readonly<Record<string, unknown>> {
  const own = hostScope(version);
  const items = logs.map((each) =>
    each.from === "line"
      ? { scope: own, item: lineRecord(each.line) }
      : {
          scope: guestScope(each.component, each.record.instrumentationScope),
          item: guestRecord(each.record, each.timeMs),
        },
  );
  const scopeLogs = groupByScope(items).map((group) => ({
    scope: group.scope,
    logRecords: group.items,
  }));
  return { resourceLogs: [{ resource: otlpResource(resource), scopeLogs }] };
}

function lineRecord(line: LineRecord): object {
  const { stream, component, traceId, spanId } = line;
  return {
    timeUnixNano: unixNano(line.timeMs),
    observedTimeUnixNano: unixNano(line.timeMs),
    severityNumber: severities[stream],
    severityText: severityTexts[stream],
    body: { stringValue: boundedText(line.text) },
    attributes: [
      { key: "component_id", value: { stringValue: component } },
      { key: "log.iostream", value: { stringValue: stream } },
    ],
    ...(traceId === "" ? {} : { traceId, spanId }),
  };
}

function guestRecord(record: GuestLog, arrivedMs: number): object {
  const { timestamp, observedTimestamp, severityNumber, severityText, body } = record;
  const isTraced =
    /^[0-9a-f]{32}$/.test(record.traceId ?? "") && /^[0-9a-f]{16}$/.test(record.spanId ?? "");
  return {
    ...(timestamp === undefined ? {} : { timeUnixNano: guestNano(timestamp) }),
    observedTimeUnixNano:
      observedTimestamp === undefined ? unixNano(arrivedMs) : guestNano(observedTimestamp),
    ...(severityNumber === undefined ? {} : { severityNumber: Math.min(24, severityNumber) }),
    ...(severityText === undefined ? {} : { severityText: boundedText(severityText) }),
    ...(body === undefined ? {} : { body: jsonValue(body) }),
    attributes: guestAttributes(record.attributes ?? []),
    ...(isTraced ? { traceId: record.traceId, spanId: record.spanId } : {}),
    ...(record.eventName === undefined ? {} : { eventName: boundedText(record.eventName) }),
  };
}
