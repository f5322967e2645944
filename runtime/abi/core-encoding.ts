import type { CoreValueType } from "../component/types.ts";

// What the small core modules of the ABI are written with (core specification, "Binary Format").

/** Magic number and version. */
const moduleHeader: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

export const valueTypeCodes: Readonly<Record<CoreValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
};

/** Instructions, and the parts of types that follow them. */
export const code = {
  end: 0x0b,
  loop: 0x03,
  if: 0x04,
  brIf: 0x0d,
  call: 0x10,
  callRef: 0x14,
  return: 0x0f,
  localGet: 0x20,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  emptyBlock: 0x40,
  refNull: 0x63,
} as const;

export function u32(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}

/** A heap type's index: signed, so that bit 6 of the last byte has to stay clear. */
export function s33(value: number): number[] {
  const bytes = u32(value);
  const last = bytes.at(-1) ?? 0;
  return last < 0x40 ? bytes : [...bytes.slice(0, -1), last | 0x80, 0];
}

/** The parts of a module, each one encoded but for indices. */
export interface CoreModuleParts {
  readonly types: readonly number[][];
  readonly imports: readonly number[][];
  /** By function: index of its type. */
  readonly functions: readonly number[];
  readonly globals?: readonly number[][];
  readonly exports: readonly number[][];
  /** By function: its locals and code. */
  readonly bodies: readonly number[][];
}

/** The bytes of a module. */
export function coreModule(parts: CoreModuleParts): Uint8Array<ArrayBuffer> {
  const { types, imports, functions, globals = [], exports, bodies } = parts;
  return new Uint8Array([
    ...moduleHeader,
    ...section(1, types),
    ...section(2, imports),
    ...section(3, functions.map(u32)),
    ...section(6, globals),
    ...section(7, exports),
    ...section(
      10,
      bodies.map((body) => [...u32(body.length), ...body]),
    ),
  ]);
}

export function functionImport(module: string, field: string, type: number): number[] {
  return [...name(module), ...name(field), 0, ...u32(type)];
}

export function functionExport(field: string, index: number): number[] {
  return [...name(field), 0, ...u32(index)];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...u32(items.length), ...items.flat()];
}

function section(id: number, items: readonly number[][]): number[] {
  const content = vector(items);
  return [id, ...u32(content.length), ...content];
}

/** ASCII only. */
export function name(text: string): number[] {
  return [...u32(text.length), ...new TextEncoder().encode(text)];
}

export function funcType(
  params: readonly (readonly number[])[],
  results: readonly (readonly number[])[],
): number[] {
  return [0x60, ...vector(params), ...vector(results)];
}

export function codes(types: readonly CoreValueType[]): number[][] {
  return types.map((type) => [valueTypeCodes[type]]);
}
