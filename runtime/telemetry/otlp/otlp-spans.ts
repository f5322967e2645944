import { limits } from "../../limits.ts";
import type { GuestSpan } from "../guest-telemetry.ts";
import type { Attributes, ExportedSpan, SpanRecord, SpanSource } from "../trace/span-record.ts";
import { spanKinds } from "../trace/span-record.ts";
import { groupByScope, guestScope, hostScope, otlpResource } from "./otlp-scope.ts";
import {
  boundedText,
  guestAttributes,
  guestNano,
  otlpAttributes,
  unixNano,
} from "./otlp-values.ts";

/** Who exports: the same for every signal. */
export interface Exporting {
  readonly resource: Attributes;
  readonly version: string;
}

/** Those of the host are made here. */
export function exportedSpans(sources: readonly SpanSource[]): ExportedSpan[] {
  return sources.flatMap((source) => (source.from === "request" ? source.trace.ended : source));
}

/** ExportTraceServiceRequest in OTLP/JSON's form. */
export function tracesRequest(
  spans: readonly ExportedSpan[],
  { resource, version }: Exporting,
): Readonly<Record<string, unknown>> {
  const own = hostScope(version);
  const items = spans.map((each) =>
    each.from === "host"
      ? { scope: own, item: hostSpan(each.span) }
      : {
          scope: guestScope(each.component, each.span.instrumentationScope),
          item: guestSpan(each.span),
        },
  );
  const scopeSpans = groupByScope(items).map((group) => ({
    scope: group.scope,
    spans: group.items,
  }));
  return { resourceSpans: [{ resource: otlpResource(resource), scopeSpans }] };
}

const statusError = 2;

function hostSpan(span: SpanRecord): object {
  const { traceId, spanId, parentSpanId, traceState, name, kind } = span;
  return {
    traceId,
    spanId,
    ...(traceState === "" ? {} : { traceState }),
    ...(parentSpanId === "" ? {} : { parentSpanId }),
    name: boundedText(name),
    kind: spanKinds[kind],
    startTimeUnixNano: unixNano(span.startMs),
    endTimeUnixNano: unixNano(span.endMs),
    attributes: otlpAttributes(span.attributes),
    status: span.error === undefined ? {} : { message: boundedText(span.error), code: statusError },
  };
}

const hexId = /^[0-9a-f]+$/;

function guestSpan(span: GuestSpan): object {
  const { traceId, spanId, traceState } = span.spanContext;
  const state = traceState.map(([key, value]) => `${key}=${value}`).join(",");
  const beyond = Math.max(0, span.attributes.length - limits.telemetryAttributesMax);
  return {
    traceId: validId(traceId, 32),
    spanId: validId(spanId, 16),
    ...(state === "" ? {} : { traceState: boundedText(state) }),
    ...(isId(span.parentSpanId, 16) ? { parentSpanId: span.parentSpanId } : {}),
    name: boundedText(span.name),
    kind: spanKinds[span.spanKind],
    startTimeUnixNano: guestNano(span.startTime),
    endTimeUnixNano: guestNano(span.endTime),
    attributes: guestAttributes(span.attributes),
    droppedAttributesCount: span.droppedAttributes + beyond,
    events: span.events.slice(0, limits.telemetryAttributesMax).map((event) => ({
      timeUnixNano: guestNano(event.time),
      name: boundedText(event.name),
      attributes: guestAttributes(event.attributes),
    })),
    droppedEventsCount: span.droppedEvents,
    links: span.links.slice(0, limits.telemetryAttributesMax).map((link) => ({
      traceId: validId(link.spanContext.traceId, 32),
      spanId: validId(link.spanContext.spanId, 16),
      attributes: guestAttributes(link.attributes),
    })),
    droppedLinksCount: span.droppedLinks,
    status: guestStatus(span.status),
  };
}

function guestStatus(status: GuestSpan["status"]): object {
  if (status.tag === "unset") return {};
  if (status.tag === "ok") return { code: 1 };
  return { code: statusError, message: boundedText(status.val ?? "") };
}

function isId(text: string, digits: number): boolean {
  return text.length === digits && hexId.test(text) && !/^0+$/.test(text);
}

/** A guest may hand over anything; a collector refuses the whole batch for one wrong identifier. */
function validId(text: string, digits: number): string {
  return text.length === digits && hexId.test(text) ? text : "0".repeat(digits);
}
