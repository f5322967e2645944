import mysql2 from "mysql2";

// Node does not see all names of a CommonJS module.
const { TypedParameter } = mysql2;

interface Payloads {
  readonly boolean: boolean;
  readonly int8: number;
  readonly int16: number;
  readonly int32: number;
  readonly int64: bigint;
  readonly uint8: number;
  readonly uint16: number;
  readonly uint32: number;
  readonly uint64: bigint;
  readonly floating32: number;
  readonly floating64: number;
  readonly str: string;
  readonly binary: Uint8Array;
  readonly "db-null": undefined;
}

type Variant<P> = { readonly [T in keyof P]: { readonly tag: T; readonly val: P[T] } }[keyof P];

/** `parameter-value` of rdbms-types and of spin:mysql@3. */
export type MysqlParameter = Variant<Payloads>;

/** `db-value`. */
export type MysqlValue = Variant<Payloads & { readonly unsupported: undefined }>;

/** `db-data-type`. */
export type MysqlType = Exclude<keyof Payloads, "db-null"> | "other";

export interface MysqlColumn {
  readonly name: string;
  readonly dataType: MysqlType;
}

/** A column as the server describes it. */
export interface MysqlField {
  readonly name: string;
  readonly columnType?: number;
  readonly flags: unknown;
}

const unsignedFlag = 32;
const binaryFlag = 128;

/** Column types of the protocol that WIT can express: signed, unsigned. */
const integers: ReadonlyMap<number | undefined, readonly [MysqlType, MysqlType]> = new Map([
  [1, ["int8", "uint8"]],
  [2, ["int16", "uint16"]],
  [3, ["int32", "uint32"]],
  [8, ["int64", "uint64"]],
  [9, ["int32", "uint32"]],
]);

const float = 4;
const double = 5;
const mediumBlob = 250;
const longBlob = 251;
const blob = 252;
const varString = 253;
const string = 254;

/** `db-data-type` of a column. */
export function mysqlType({ columnType, flags }: MysqlField): MysqlType {
  const bits = Number(flags);
  const integer = integers.get(columnType);
  if (integer !== undefined) return integer[(bits & unsignedFlag) === 0 ? 0 : 1];
  switch (columnType) {
    case float:
      return "floating32";
    case double:
      return "floating64";
    case mediumBlob:
    case longBlob:
      return "binary";
    case blob:
    case varString:
    case string:
      return (bits & binaryFlag) === 0 ? "str" : "binary";
    default:
      return "other";
  }
}

/** A value of the client as WIT has it. Throws for columns of other types. */
export function mysqlValue(value: unknown, { name, dataType }: MysqlColumn): MysqlValue {
  if (value === null || value === undefined) return { tag: "db-null", val: undefined };
  switch (dataType) {
    case "other":
      throw new Error(`Cannot convert the value in column ${name}: its type is not supported`);
    case "int64":
    case "uint64":
      return { tag: dataType, val: BigInt(value as number | string) };
    case "str":
      return { tag: "str", val: textOf(value) };
    case "binary":
      return { tag: "binary", val: bytesOf(value) };
    case "boolean":
      return { tag: "boolean", val: Number(value) !== 0 };
    default:
      return { tag: dataType, val: Number(value) };
  }
}

/** A parameter as the client sends it, with its type. */
export function mysqlParameter({ tag, val }: MysqlParameter): unknown {
  switch (tag) {
    case "boolean":
      return TypedParameter.TINY(val ? 1 : 0);
    case "int8":
      return TypedParameter.TINY(val);
    case "int16":
      return TypedParameter.SHORT(val);
    case "int32":
      return TypedParameter.LONG(val);
    case "int64":
      return TypedParameter.LONGLONG(val);
    case "uint8":
      return TypedParameter.TINY.unsigned(val);
    case "uint16":
      return TypedParameter.SHORT.unsigned(val);
    case "uint32":
      return TypedParameter.LONG.unsigned(val);
    case "uint64":
      return TypedParameter.LONGLONG.unsigned(val);
    case "floating32":
      return TypedParameter.FLOAT(val);
    case "floating64":
      return TypedParameter.DOUBLE(val);
    case "str":
      return val;
    case "binary":
      return Buffer.from(val.buffer, val.byteOffset, val.byteLength);
    case "db-null":
      return null;
  }
}

const valueBytes = 32;

/** Memory that a value takes, about. */
export function mysqlValueSize({ val }: MysqlValue): number {
  return valueBytes + (typeof val === "string" || val instanceof Uint8Array ? val.length : 0);
}

/** Text with a binary collation arrives as text. */
function bytesOf(value: unknown): Uint8Array {
  return new Uint8Array(Buffer.isBuffer(value) ? value : Buffer.from(textOf(value)));
}

/** What the client gives for texts and bytes. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Buffer.isBuffer(value)) return value.toString();
  throw new Error("the server sent a value of another type than it announced");
}
