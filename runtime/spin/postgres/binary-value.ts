import { dateOfDays, dateTimeOfMicros, timeOfMicros } from "./calendar.ts";
import { numericText } from "./numeric-text.ts";
import type { PgRange, PgType, PgTypeName, PgValue, RangeBound } from "./postgres-values.ts";

/** Type of a column by its object identifier (pg_type.dat of PostgreSQL). */
const typeNames: ReadonlyMap<number, PgTypeName> = new Map<number, PgTypeName>([
  [16, "boolean"],
  [17, "binary"],
  [20, "int64"],
  [21, "int16"],
  [23, "int32"],
  [25, "str"],
  [700, "floating32"],
  [701, "floating64"],
  [1007, "array-int32"],
  [1009, "array-str"],
  [1014, "array-str"],
  [1015, "array-str"],
  [1016, "array-int64"],
  [1042, "str"],
  [1043, "str"],
  [1082, "date"],
  [1083, "time"],
  [1114, "datetime"],
  [1184, "datetime"],
  [1186, "interval"],
  [1231, "array-decimal"],
  [1700, "decimal"],
  [2950, "uuid"],
  [3802, "jsonb"],
  [3904, "range-int32"],
  [3906, "range-decimal"],
  [3926, "range-int64"],
]);

/** `db-data-type` of a column; `nameOf` gives the server's name of types that WIT lacks. */
export function pgTypeOf(oid: number, nameOf: (oid: number) => string): PgType {
  const tag = typeNames.get(oid);
  return tag === undefined ? { tag: "other", val: nameOf(oid) } : { tag, val: undefined };
}

/**
 * A value in PostgreSQL's binary format. Throws where the bytes are not a value of the type, or one
 * that WIT cannot express (an infinite date, an array of arrays).
 */
export function pgValueOf(oid: number, bytes: Buffer | null): PgValue {
  if (bytes === null) return { tag: "db-null", val: undefined };
  const tag = typeNames.get(oid);
  if (tag === undefined) return { tag: "unsupported", val: new Uint8Array(bytes) };
  return { tag, val: decoders[tag](bytes) } as PgValue;
}

type Decoder = (bytes: Buffer) => unknown;

const decoders: Readonly<Record<PgTypeName, Decoder>> = {
  boolean: (bytes) => sized(bytes, 1).readUInt8() !== 0,
  int8: (bytes) => sized(bytes, 1).readInt8(),
  int16: (bytes) => sized(bytes, 2).readInt16BE(),
  int32,
  int64,
  floating32: (bytes) => sized(bytes, 4).readFloatBE(),
  floating64: (bytes) => sized(bytes, 8).readDoubleBE(),
  str: text,
  binary: (bytes) => new Uint8Array(bytes),
  date: (bytes) => dateOfDays(finite(int32(bytes), 0x7fff_ffff, -0x8000_0000, "date")),
  time: (bytes) => timeOfMicros(int64(bytes)),
  datetime: (bytes) =>
    dateTimeOfMicros(finite(int64(bytes), (1n << 63n) - 1n, -(1n << 63n), "timestamp")),
  timestamp: int64,
  uuid: uuidText,
  jsonb: jsonBytes,
  decimal: numericText,
  "range-int32": (bytes) => range(bytes, int32),
  "range-int64": (bytes) => range(bytes, int64),
  "range-decimal": (bytes) => range(bytes, numericText),
  "array-int32": (bytes) => array(bytes, int32),
  "array-int64": (bytes) => array(bytes, int64),
  "array-decimal": (bytes) => array(bytes, numericText),
  "array-str": (bytes) => array(bytes, text),
  interval: (bytes) => ({
    micros: sized(bytes, 16).readBigInt64BE(),
    days: bytes.readInt32BE(8),
    months: bytes.readInt32BE(12),
  }),
};

function sized(bytes: Buffer, length: number): Buffer {
  if (bytes.length !== length) throw new Error(`${bytes.length} bytes instead of ${length}`);
  return bytes;
}

function int32(bytes: Buffer): number {
  return sized(bytes, 4).readInt32BE();
}

function int64(bytes: Buffer): bigint {
  return sized(bytes, 8).readBigInt64BE();
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function text(bytes: Buffer): string {
  return utf8.decode(bytes);
}

function finite<T>(value: T, infinity: T, minusInfinity: T, what: string): T {
  if (value === infinity || value === minusInfinity) throw new Error(`an infinite ${what}`);
  return value;
}

function uuidText(bytes: Buffer): string {
  const hex = sized(bytes, 16).toString("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}

/** Without the spaces that the server puts between tokens. */
function jsonBytes(bytes: Buffer): Uint8Array {
  if (bytes[0] !== 1) throw new Error(`jsonb of version ${bytes[0] ?? "none"}`);
  const json = text(bytes.subarray(1));
  return new TextEncoder().encode(json.replace(/("(?:[^"\\]|\\.)*")| +/g, "$1"));
}

const emptyRange = 0x01;
const lowerInclusive = 0x02;
const upperInclusive = 0x04;
const lowerInfinite = 0x08;
const upperInfinite = 0x10;

function range<T>(bytes: Buffer, decode: (bytes: Buffer) => T): PgRange<T> {
  const flags = bytes.readUInt8();
  if ((flags & emptyRange) !== 0) return [undefined, undefined];
  let at = 1;
  const bound = (infinite: number, inclusive: number): RangeBound<T> | undefined => {
    if ((flags & infinite) !== 0) return undefined;
    const length = bytes.readInt32BE(at);
    const value = decode(part(bytes, at + 4, length));
    at += 4 + length;
    return [value, (flags & inclusive) === 0 ? "exclusive" : "inclusive"];
  };
  return [bound(lowerInfinite, lowerInclusive), bound(upperInfinite, upperInclusive)];
}

function array<T>(bytes: Buffer, decode: (bytes: Buffer) => T): (T | undefined)[] {
  const dimensions = bytes.readInt32BE();
  if (dimensions === 0) return [];
  if (dimensions !== 1) throw new Error(`an array of ${dimensions} dimensions`);
  const items: (T | undefined)[] = [];
  let at = 20;
  for (let left = bytes.readInt32BE(12); left > 0; left--) {
    const length = bytes.readInt32BE(at);
    at += 4;
    items.push(length === -1 ? undefined : decode(part(bytes, at, length)));
    at += Math.max(length, 0);
  }
  return items;
}

function part(bytes: Buffer, at: number, length: number): Buffer {
  if (length < 0 || at + length > bytes.length) throw new Error("the value ends too early");
  return bytes.subarray(at, at + length);
}
