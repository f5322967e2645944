import type { GuestSpan, GuestTime } from "../guest-telemetry.ts";
import type { KeptRequest } from "../live/request-recorder.ts";
import { boundedText } from "../otlp/otlp-values.ts";
import type { ExportedSpan, SpanRecord } from "../trace/span-record.ts";
import type { FlameSpan } from "./console-api.ts";

/** The spans of one request, the request itself first, then in the order in which they began. */
export function requestFlame({ record, spans, guestSpans }: KeptRequest): FlameSpan[] {
  const root = spans.findLast(isHost)?.span;
  if (root === undefined) return [];
  const ids = new Set(spans.filter(isHost).map(({ span }) => span.spanId));
  for (const each of guestSpans) if (each.from === "guest") ids.add(each.span.spanContext.spanId);
  const guest = spans.filter(isHost).find(({ span }) => kindOf(span, record.component) === "guest");
  const flames = [...spans, ...guestSpans].map((each): FlameSpan => {
    if (each.from === "host") return hostFlame(each.span, { root, component: record.component });
    return guestFlame(each.span, { root, ids, outer: guest?.span.spanId ?? root.spanId });
  });
  return flames.toSorted(
    (a, b) => Number(a.kind !== "request") - Number(b.kind !== "request") || a.startMs - b.startMs,
  );
}

type HostSpan = Extract<ExportedSpan, { readonly from: "host" }>;

function isHost(each: ExportedSpan): each is HostSpan {
  return each.from === "host";
}

function hostFlame(
  span: SpanRecord,
  { root, component }: { readonly root: SpanRecord; readonly component: string },
): FlameSpan {
  return {
    id: span.spanId,
    ...(span === root ? {} : { parentId: span.parentSpanId }),
    name: boundedText(span.name),
    kind: span === root ? "request" : kindOf(span, component),
    startMs: span.startMs - root.startMs,
    durationMs: span.endMs - span.startMs,
    attributes: span.attributes.map(([name, value]) => [
      name,
      typeof value === "string" ? boundedText(value) : value,
    ]),
    ...(span.error === undefined ? {} : { error: boundedText(span.error) }),
  };
}

const kinds: Readonly<Record<string, FlameSpan["kind"]>> = {
  "whorl.queue": "queue",
  "whorl.cold_start": "instance",
  "whorl.instance.take": "instance",
  "whorl.instance.reset": "reset",
};

function kindOf({ name, kind }: SpanRecord, component: string): FlameSpan["kind"] {
  if (name === `execute_wasm_component ${component}`) return "guest";
  return kinds[name] ?? (kind === "client" ? "outbound" : "host-call");
}

function guestFlame(
  span: GuestSpan,
  {
    root,
    ids,
    outer,
  }: { readonly root: SpanRecord; readonly ids: ReadonlySet<string>; readonly outer: string },
): FlameSpan {
  const startMs = milliseconds(span.startTime) - root.startMs;
  return {
    id: boundedText(span.spanContext.spanId),
    // A guest may name any parent; only one that is shown is of use.
    parentId: ids.has(span.parentSpanId) ? span.parentSpanId : outer,
    name: boundedText(span.name),
    kind: "guest-span",
    startMs,
    durationMs: Math.max(0, milliseconds(span.endTime) - root.startMs - startMs),
    attributes: span.attributes
      .slice(0, attributesShownMax)
      .map(({ key, value }) => [boundedText(key), boundedText(value)]),
    ...(span.status.tag === "error" ? { error: boundedText(span.status.val) } : {}),
  };
}

const attributesShownMax = 32;

function milliseconds({ seconds, nanoseconds }: GuestTime): number {
  return Number(seconds) * 1000 + nanoseconds / 1_000_000;
}
