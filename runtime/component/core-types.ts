import type { CoreFuncType, CoreValueType } from "./types.ts";
import { hex, type Reader } from "./reader.ts";
import { limits } from "../limits.ts";

/** Bounds of a memory or table, in pages or entries. */
export interface CoreLimits {
  readonly min: bigint;
  readonly max: bigint | undefined;
  readonly shared: boolean;
  /** Addressed by i64. */
  readonly wide: boolean;
}

export type CoreExternType =
  | { readonly kind: "func"; readonly type: CoreFuncType }
  | { readonly kind: "table"; readonly element: string; readonly limits: CoreLimits }
  | { readonly kind: "memory"; readonly limits: CoreLimits }
  | { readonly kind: "global"; readonly value: string; readonly mutable: boolean }
  | { readonly kind: "tag"; readonly type: CoreFuncType };

export interface CoreImport {
  readonly module: string;
  readonly name: string;
  readonly type: CoreExternType;
}

/** What a core module needs and gives. */
export interface CoreModuleType {
  readonly imports: readonly CoreImport[];
  readonly exports: ReadonlyMap<string, CoreExternType>;
}

/** A core type definition; everything of the GC proposal but functions is opaque. */
export type CoreDefType =
  | { readonly kind: "func"; readonly type: CoreFuncType }
  | { readonly kind: "opaque" };

/** How the type index space is asked while reading: throws for an index out of range. */
export type CoreTypeLookup = (reader: Reader, index: number) => CoreFuncType;

const valueTypes: Readonly<Record<number, CoreValueType>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "v128",
  0x70: "funcref",
  0x6f: "externref",
};

/** Abstract heap types (WebAssembly 3.0, "Heap Types"), which stand alone as reference types too. */
const heapTypeMin = 0x68;
const heapTypeMax = 0x74;

/**
 * A core value type. Reference types beyond funcref and externref become texts outside of
 * `CoreValueType`: they can be compared, and match no canonical signature.
 */
export function readCoreValueType(reader: Reader): CoreValueType {
  const start = reader.offset;
  const code = reader.byte();
  const known = valueTypes[code];
  if (known !== undefined) return known;
  if (code === 0x63 || code === 0x64) {
    return `ref ${code === 0x63 ? "null " : ""}${readHeapType(reader)}` as CoreValueType;
  }
  if (code >= heapTypeMin && code <= heapTypeMax) return `ref null ${hex(code)}` as CoreValueType;
  return reader.fail(`${hex(code)} is not a core value type`, start);
}

function readHeapType(reader: Reader): string {
  const code = reader.peek();
  if (code >= heapTypeMin && code <= heapTypeMax) return hex(reader.byte());
  return `type ${reader.s33Index()}`;
}

/** One entry of a type section: a recursion group has several types. Appends them to `types`. */
export function readCoreRecType(reader: Reader, types: CoreDefType[]): void {
  if (reader.peek() !== 0x4e) {
    types.push(readSubType(reader));
    return;
  }
  reader.byte();
  const count = reader.count("types of a recursion group");
  for (let index = 0; index < count; index++) types.push(readSubType(reader));
}

function readSubType(reader: Reader): CoreDefType {
  const code = reader.peek();
  if (code === 0x50 || code === 0x4f) {
    reader.byte();
    reader.vector("supertypes", (item) => item.u32());
  }
  return readCompositeType(reader);
}

function readCompositeType(reader: Reader): CoreDefType {
  const start = reader.offset;
  const code = reader.byte();
  switch (code) {
    case 0x60:
      return { kind: "func", type: readFuncType(reader) };
    case 0x5f:
      reader.vector("fields", readFieldType);
      return { kind: "opaque" };
    case 0x5e:
      readFieldType(reader);
      return { kind: "opaque" };
    default:
      return reader.fail(`${hex(code)} is not a core type`, start);
  }
}

function readFuncType(reader: Reader): CoreFuncType {
  const params = reader.vector("parameters", readCoreValueType, limits.typeMembersMax);
  const results = reader.vector("results", readCoreValueType, limits.typeMembersMax);
  return { params, results };
}

function readFieldType(reader: Reader): void {
  const code = reader.peek();
  if (code === 0x78 || code === 0x77) reader.byte();
  else readCoreValueType(reader);
  reader.flag("mutability of a field");
}

/** `core:externtype`: the description of an import. */
export function readCoreExternType(reader: Reader, typeAt: CoreTypeLookup): CoreExternType {
  const start = reader.offset;
  const code = reader.byte();
  switch (code) {
    case 0x00:
      return { kind: "func", type: typeAt(reader, reader.u32()) };
    case 0x01:
      return readTableType(reader);
    case 0x02:
      return { kind: "memory", limits: readMemoryLimits(reader) };
    case 0x03:
      return readGlobalType(reader);
    case 0x04:
      return readTagType(reader, typeAt);
    default:
      return reader.fail(`${hex(code)} is not a kind of core import`, start);
  }
}

export function readTableType(reader: Reader): CoreExternType {
  return { kind: "table", element: readCoreValueType(reader), limits: readLimits(reader) };
}

export function readGlobalType(reader: Reader): CoreExternType {
  const value = readCoreValueType(reader);
  return { kind: "global", value, mutable: reader.flag("mutability of a global") };
}

export function readTagType(reader: Reader, typeAt: CoreTypeLookup): CoreExternType {
  reader.expect(0x00, "attribute of a tag");
  return { kind: "tag", type: typeAt(reader, reader.u32()) };
}

/** Flags: 1 has a maximum, 2 shared, 4 addressed by i64, 8 has a page size of its own. */
/** Pages of 64 KiB that 32 bits can address. */
const memoryPagesMax = 0x1_0000n;

export function readMemoryLimits(reader: Reader): CoreLimits {
  const start = reader.offset;
  const read = readLimits(reader);
  if (!read.wide && (read.min > memoryPagesMax || (read.max ?? 0n) > memoryPagesMax)) {
    reader.invalid(`a memory has more than ${memoryPagesMax} pages`, start);
  }
  return read;
}

export function readLimits(reader: Reader): CoreLimits {
  const start = reader.offset;
  const flags = reader.byte();
  if (flags > 0x0f) reader.fail(`${hex(flags)} are not flags of limits`, start);
  const min = reader.u64();
  const max = (flags & 1) === 0 ? undefined : reader.u64();
  if ((flags & 8) !== 0) reader.u32();
  return { min, max, shared: (flags & 2) !== 0, wide: (flags & 4) !== 0 };
}
