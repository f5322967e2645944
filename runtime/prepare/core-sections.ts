import { Reader } from "../component/reader.ts";
import { WhorlError } from "../error.ts";

/** Identifiers of the sections of a core module. */
export const sectionIds = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
} as const;

/** The order that the binary format prescribes; tags and the data count came later than the rest. */
const sectionOrder = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const preamble = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

export interface CoreSections {
  /** Contents by identifier, without identifier and size. */
  readonly contents: ReadonlyMap<number, Uint8Array<ArrayBuffer>>;
  /** The custom section with the names of functions, whole. */
  readonly names: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Cuts a module into its sections; nothing is copied. Of the custom sections only the names are
 * kept: others speak of offsets in the code. Throws `malformed`, also for sections that are
 * repeated, out of order or unknown: writing the module again would hide that from the engine.
 */
export function readCoreSections(bytes: Uint8Array<ArrayBuffer>): CoreSections {
  if (preamble.some((byte, index) => bytes[index] !== byte)) {
    throw new WhorlError("malformed", "a core module does not begin with its preamble");
  }
  const reader = new Reader(bytes, "core module", preamble.length, bytes.length);
  const contents = new Map<number, Uint8Array<ArrayBuffer>>();
  let names: Uint8Array<ArrayBuffer> | undefined;
  let last = -1;
  while (reader.remaining > 0) {
    const start = reader.offset;
    const id = reader.byte();
    const length = reader.u32();
    const first = reader.offset;
    const section = reader.window(length, `core module section ${id}`);
    if (id === sectionIds.custom) {
      if (section.name() === "name") names = bytes.subarray(start, first + length);
      continue;
    }
    const position = sectionOrder.indexOf(id);
    if (position <= last) reader.fail(`section ${id} is unknown or not in order`, start);
    last = position;
    contents.set(id, bytes.subarray(first, first + length));
  }
  return { contents, names };
}

/** A module of these sections; names stand at the end, where they have to be. */
export function writeCoreSections({ contents, names }: CoreSections): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [new Uint8Array(preamble)];
  for (const id of sectionOrder) {
    const section = contents.get(id);
    if (section === undefined) continue;
    parts.push(new Uint8Array([id, ...leb128(section.length)]), section);
  }
  if (names !== undefined) parts.push(names);
  return concatenated(parts);
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

/** Bytes that replace others of a section. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: readonly number[];
}

/** The parts of `section` from `start` to `end` with the edits done; edits are in order. */
export function editedParts(
  section: Uint8Array<ArrayBuffer>,
  edits: readonly Edit[],
  { start, end }: { readonly start: number; readonly end: number },
): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let from = start;
  for (const edit of edits) {
    parts.push(section.subarray(from, edit.start), new Uint8Array(edit.bytes));
    from = edit.end;
  }
  parts.push(section.subarray(from, end));
  return parts;
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
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
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
