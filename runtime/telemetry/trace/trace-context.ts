import { limits } from "../../limits.ts";

/** Where a span stands in a trace (W3C Trace Context, level 2). */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string;
  readonly isSampled: boolean;
  /** The tracestate header as it came, checked; `""` without. */
  readonly traceState: string;
}

const traceparentForm = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const zeroTraceId = "0".repeat(32);
const zeroSpanId = "0".repeat(16);

/**
 * Reads a `traceparent` header. Undefined for anything that the specification does not permit: the
 * request is then treated as if it had none. Of later versions the known part is read.
 */
export function parseTraceparent(text: string): Omit<TraceContext, "traceState"> | undefined {
  const match = traceparentForm.exec(text.trim());
  if (match === null) return undefined;
  const [, version = "", traceId = "", spanId = "", flags = "", rest] = match;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (traceId === zeroTraceId || spanId === zeroSpanId) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Writes a `traceparent` header of version 00. */
export function formatTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
}

const stateMembersMax = 32;
const memberForm =
  /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * Joins `tracestate` header lines. `""` where there is none, or where a member is wrong or occurs
 * twice: the specification drops the whole state then, and keeps the traceparent.
 */
export function parseTraceState(lines: readonly string[]): string {
  const members = lines
    .flatMap((line) => line.split(","))
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((member) => member !== "");
  if (members.length === 0 || members.length > stateMembersMax) return "";
  if (!members.every((member) => memberForm.test(member))) return "";
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf("="))));
  const joined = members.join(",");
  return keys.size < members.length || joined.length > limits.traceStateCharsMax ? "" : joined;
}

/**
 * The trace context of a request, from its header lines (alternating names and values, in any
 * case). Undefined without a valid traceparent; two of them are as good as none.
 */
export function inboundTraceContext(rawHeaders: readonly string[]): TraceContext | undefined {
  let parent: string | undefined;
  let states: string[] | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    // Both names have a length that few others have: cheaper than to compare them.
    if (name.length === 11 && name.toLowerCase() === "traceparent") {
      if (parent !== undefined) return undefined;
      parent = rawHeaders[index + 1] ?? "";
    } else if (name.length === 10 && name.toLowerCase() === "tracestate") {
      (states ??= []).push(rawHeaders[index + 1] ?? "");
    }
  }
  if (parent === undefined || parent.length > 512) return undefined;
  const context = parseTraceparent(parent);
  if (context === undefined) return undefined;
  return { ...context, traceState: states === undefined ? "" : parseTraceState(states) };
}

/**
 * The header lines of an outgoing request (alternating names and values) with the trace context of
 * the span that sends it; whatever was there before is replaced.
 */
export function withTraceContext(headers: readonly string[], context: TraceContext): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    const lower = name.length === 11 || name.length === 10 ? name.toLowerCase() : "";
    if (lower !== "traceparent" && lower !== "tracestate")
      kept.push(name, headers[index + 1] ?? "");
  }
  kept.push("traceparent", formatTraceparent(context));
  if (context.traceState !== "") kept.push("tracestate", context.traceState);
  return kept;
}
