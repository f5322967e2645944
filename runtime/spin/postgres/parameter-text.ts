import { errorText } from "../../error.ts";
import { dateText, dateTimeText, timestampText, timeText } from "./calendar.ts";
import type { PgInterval, PgParameter, PgRange } from "./postgres-values.ts";

/**
 * A parameter as the server reads it: text, which it converts to the type that the statement needs;
 * bytes as they are; null. Throws for values that their type does not have.
 */
export function parameterText(parameter: PgParameter): string | Buffer | null {
  switch (parameter.tag) {
    case "boolean":
      return parameter.val ? "t" : "f";
    case "int8":
    case "int16":
    case "int32":
    case "int64":
      return parameter.val.toString();
    case "floating32":
    case "floating64":
      return floatText(parameter.val);
    case "str":
      return parameter.val;
    case "binary":
      return Buffer.from(parameter.val.buffer, parameter.val.byteOffset, parameter.val.byteLength);
    case "date":
      return dateText(parameter.val);
    case "time":
      return timeText(parameter.val);
    case "datetime":
      return dateTimeText(parameter.val);
    case "timestamp":
      return timestampText(parameter.val);
    case "uuid":
      return uuidText(parameter.val);
    case "jsonb":
      return jsonText(parameter.val);
    case "decimal":
      return decimalText(parameter.val);
    case "range-int32":
    case "range-int64":
      return rangeText(parameter.val, String);
    case "range-decimal":
      return rangeText(parameter.val, decimalText);
    case "array-int32":
    case "array-int64":
      return arrayText(parameter.val, String);
    case "array-decimal":
      return arrayText(parameter.val, decimalText);
    case "array-str":
      return arrayText(parameter.val, quoted);
    case "interval":
      return intervalText(parameter.val);
    case "db-null":
      return null;
  }
}

function floatText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function uuidText(text: string): string {
  // The forms that Spin reads: with hyphens, without, in braces, as a URN.
  const plain = text.replace(/^urn:uuid:/, "").replace(/^\{(.*)\}$/, "$1");
  if (/^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/i.test(plain)) {
    return plain;
  }
  throw new Error(`invalid UUID ${text}`);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function jsonText(bytes: Uint8Array): string {
  try {
    const text = utf8.decode(bytes);
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new Error(`invalid JSON ${Buffer.from(bytes).toString()}: ${errorText(error)}`, {
      cause: error,
    });
  }
}

function decimalText(text: string): string {
  if (/^[+-]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)$/.test(text)) return text.replaceAll("_", "");
  throw new Error(`invalid decimal ${text}`);
}

function rangeText<T>([lower, upper]: PgRange<T>, text: (value: T) => string): string {
  const start = lower === undefined ? "(" : (lower[1] === "inclusive" ? "[" : "(") + text(lower[0]);
  const end = upper === undefined ? ")" : text(upper[0]) + (upper[1] === "inclusive" ? "]" : ")");
  return `${start},${end}`;
}

function arrayText<T>(items: readonly (T | undefined)[], text: (item: T) => string): string {
  return `{${items.map((item) => (item === undefined ? "NULL" : text(item))).join(",")}}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** Each part with its sign, which every IntervalStyle reads the same way. */
function intervalText({ micros, days, months }: PgInterval): string {
  const size = micros < 0n ? -micros : micros;
  const seconds = size / 1_000_000n;
  const time =
    `${seconds / 3600n}:${String((seconds / 60n) % 60n).padStart(2, "0")}:` +
    `${String(seconds % 60n).padStart(2, "0")}.${String(size % 1_000_000n).padStart(6, "0")}`;
  return `${signed(months)} mons ${signed(days)} days ${micros < 0n ? "-" : "+"}${time}`;
}

function signed(value: number): string {
  return value < 0 ? String(value) : `+${value}`;
}
