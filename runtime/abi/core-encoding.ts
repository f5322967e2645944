import type { CoreValueType } from "../component/types.ts";

// What the small core modules of the ABI are written with (core specification, "Binary Format").

/** Magic number and version. */
export const moduleHeader: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

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

export function vector(items: readonly (readonly number[])[]): number[] {
  return [...u32(items.length), ...items.flat()];
}

export function section(id: number, content: readonly number[]): number[] {
  return [id, ...u32(content.length), ...content];
}

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
