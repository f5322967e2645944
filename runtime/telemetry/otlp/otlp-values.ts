import { limits } from "../../limits.ts";
import type { GuestAttribute, GuestTime } from "../guest-telemetry.ts";
import type { Attributes, AttributeValue } from "../trace/span-record.ts";

/** AnyValue in OTLP/JSON's form. */
export type OtlpValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly OtlpValue[] } }
  | { readonly kvlistValue: { readonly values: readonly OtlpAttribute[] } };

export interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

/** Text no longer than `limits.telemetryTextCharsMax`. */
export function boundedText(text: string): string {
  return text.length <= limits.telemetryTextCharsMax
    ? text
    : `${text.slice(0, limits.telemetryTextCharsMax - 1)}…`;
}

/** Nanoseconds since 1970 as decimal text, of milliseconds with fractions. */
export function unixNano(ms: number): string {
  const whole = Math.floor(ms);
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000_000)));
}

export function guestNano({ seconds, nanoseconds }: GuestTime): string {
  return String(BigInt.asUintN(64, seconds * 1_000_000_000n + BigInt(nanoseconds)));
}

export function otlpValue(value: AttributeValue): OtlpValue {
  if (typeof value === "string") return { stringValue: boundedText(value) };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

export function otlpAttributes(attributes: Attributes): OtlpAttribute[] {
  return attributes.map(([key, value]) => ({ key, value: otlpValue(value) }));
}

/** A guest's attributes: their values are JSON; what is none is passed on as text. */
export function guestAttributes(attributes: readonly GuestAttribute[]): OtlpAttribute[] {
  return attributes
    .slice(0, limits.telemetryAttributesMax)
    .map(({ key, value }) => ({ key: boundedText(key), value: jsonValue(value) }));
}

/** A value that a guest wrote as JSON. */
export function jsonValue(text: string): OtlpValue {
  if (text.length > limits.telemetryTextCharsMax) return { stringValue: boundedText(text) };
  try {
    return valueOf(JSON.parse(text), 0);
  } catch {
    return { stringValue: text };
  }
}

const nestingMax = 8;

function valueOf(value: unknown, depth: number): OtlpValue {
  if (typeof value === "string" || typeof value === "boolean") return otlpValue(value);
  if (typeof value === "number") return otlpValue(value);
  if (value === null || depth >= nestingMax) return { stringValue: JSON.stringify(value) };
  if (Array.isArray(value)) {
    const values = value.slice(0, limits.telemetryAttributesMax);
    return { arrayValue: { values: values.map((each) => valueOf(each, depth + 1)) } };
  }
  const entries = Object.entries(value as object).slice(0, limits.telemetryAttributesMax);
  const values = entries.map(([key, each]) => ({
    key: boundedText(key),
    value: valueOf(each, depth + 1),
  }));
  return { kvlistValue: { values } };
}
