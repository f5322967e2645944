import { Reader } from "../component/reader.ts";

/** Identifiers of the sections of a core module. */
export const sectionIds = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  memory: 5,
  global: 6,
  export: 7,
  code: 10,
} as const;

/** The order that the binary format prescribes; tags and the data count came later than the rest. */
const sectionOrder = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const preambleBytes = 8;

export interface CoreSections {
  /** Contents by identifier, without identifier and size. */
  readonly contents: ReadonlyMap<number, Uint8Array<ArrayBuffer>>;
  /** Custom sections, whole. */
  readonly custom: readonly Uint8Array<ArrayBuffer>[];
}

/** Cuts a module into its sections; nothing is copied. Throws `malformed`. */
export function readCoreSections(bytes: Uint8Array<ArrayBuffer>): CoreSections {
  const reader = new Reader(bytes, "core module", preambleBytes, bytes.length);
  const contents = new Map<number, Uint8Array<ArrayBuffer>>();
  const custom: Uint8Array<ArrayBuffer>[] = [];
  while (reader.remaining > 0) {
    const start = reader.offset;
    const id = reader.byte();
    const length = reader.u32();
    const first = reader.offset;
    reader.window(length, `core module section ${id}`);
    if (id === sectionIds.custom) custom.push(bytes.subarray(start, first + length));
    else contents.set(id, bytes.subarray(first, first + length));
  }
  return { contents, custom };
}

/** A module of these sections; custom sections stand at the end, where `name` has to be. */
export function writeCoreSections({ contents, custom }: CoreSections): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])];
  for (const id of sectionOrder) {
    const section = contents.get(id);
    if (section === undefined) continue;
    parts.push(new Uint8Array([id, ...leb128(section.length)]), section);
  }
  return concatenated([...parts, ...custom]);
}

/** A vector with more items: `items` are whole encodings. */
export function appendItems(
  section: Uint8Array<ArrayBuffer> | undefined,
  items: readonly (readonly number[])[],
): Uint8Array<ArrayBuffer> {
  if (section === undefined) return new Uint8Array([...leb128(items.length), ...items.flat()]);
  const reader = new Reader(section, "vector");
  const count = reader.u32();
  return concatenated([
    new Uint8Array(leb128(count + items.length)),
    section.subarray(reader.offset),
    new Uint8Array(items.flat()),
  ]);
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Unsigned LEB128. */
export function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

/** Signed LEB128 of a 32-bit integer. */
export function signedLeb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)) {
      return [...bytes, byte];
    }
    bytes.push(byte | 0x80);
  }
}

/** A name with its length in front. */
export function nameBytes(name: string): number[] {
  const bytes = new TextEncoder().encode(name);
  return [...leb128(bytes.length), ...bytes];
}
