/** Values of spin:postgres@4 as they look in JavaScript (host-interface.ts). */
export type PgDate = readonly [year: number, month: number, day: number];
export type PgTime = readonly [hour: number, minute: number, second: number, nanosecond: number];
export type PgDateTime = readonly [...PgDate, ...PgTime];
export type RangeBoundKind = "inclusive" | "exclusive";
export type RangeBound<T> = readonly [value: T, kind: RangeBoundKind];
export type PgRange<T> = readonly [
  lower: RangeBound<T> | undefined,
  upper: RangeBound<T> | undefined,
];

export interface PgInterval {
  readonly micros: bigint;
  readonly days: number;
  readonly months: number;
}

/** What a parameter and a value of a result have in common: case and payload. */
interface PgPayloads {
  readonly boolean: boolean;
  readonly int8: number;
  readonly int16: number;
  readonly int32: number;
  readonly int64: bigint;
  readonly floating32: number;
  readonly floating64: number;
  readonly str: string;
  readonly binary: Uint8Array;
  readonly date: PgDate;
  readonly time: PgTime;
  readonly datetime: PgDateTime;
  /** Seconds since 1970. */
  readonly timestamp: bigint;
  readonly uuid: string;
  readonly jsonb: Uint8Array;
  readonly decimal: string;
  readonly "range-int32": PgRange<number>;
  readonly "range-int64": PgRange<bigint>;
  readonly "range-decimal": PgRange<string>;
  readonly "array-int32": readonly (number | undefined)[];
  readonly "array-int64": readonly (bigint | undefined)[];
  readonly "array-decimal": readonly (string | undefined)[];
  readonly "array-str": readonly (string | undefined)[];
  readonly interval: PgInterval;
  readonly "db-null": undefined;
}

type Variant<P> = { readonly [T in keyof P]: { readonly tag: T; readonly val: P[T] } }[keyof P];

/** `parameter-value` of spin:postgres@4. */
export type PgParameter = Variant<PgPayloads>;

/** `db-value` of spin:postgres@4. */
export type PgValue = Variant<PgPayloads & { readonly unsupported: Uint8Array }>;

/** Cases without a payload of `db-data-type` of spin:postgres@4. */
export type PgTypeName = Exclude<keyof PgPayloads, "db-null">;

/** `db-data-type` of spin:postgres@4. */
export type PgType =
  | { readonly tag: PgTypeName; readonly val: undefined }
  /** The name that the server has for the type. */
  | { readonly tag: "other"; readonly val: string };

export interface PgColumn {
  readonly name: string;
  readonly dataType: PgType;
}

export type PgRow = readonly PgValue[];

export interface PgRowSet {
  readonly columns: readonly PgColumn[];
  readonly rows: readonly PgRow[];
}

const valueBytes = 72;

/** Memory that a value takes, about. */
export function pgValueSize({ val }: PgValue): number {
  if (typeof val === "string" || val instanceof Uint8Array) return valueBytes + val.length;
  if (!Array.isArray(val)) return valueBytes;
  let size = valueBytes;
  for (const item of val as readonly unknown[]) {
    size += 24 + (typeof item === "string" ? item.length : 0);
  }
  return size;
}
