/** Builds component binaries byte by byte, for tests of input that no tool would write. */

/** Bytes, nested as is convenient. */
export type Bytes = readonly (number | Bytes)[];

const encoder = new TextEncoder();

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

/** A type index where a primitive could stand: signed LEB128. */
export function typeIndex(index: number): number[] {
  const bytes = leb(index);
  const last = bytes.pop() ?? 0;
  return last < 0x40 ? [...bytes, last] : [...bytes, last + 0x80, 0x00];
}

/** A name: length and UTF-8. */
export function name(text: string): Bytes {
  const bytes = [...encoder.encode(text)];
  return [leb(bytes.length), bytes];
}

/** Name of an import or export. */
export function externName(text: string): Bytes {
  return [0x00, name(text)];
}

/** A vector: count and items. */
export function vec(...items: readonly Bytes[]): Bytes {
  return [leb(items.length), ...items];
}

/** A section with its length. */
export function section(id: number, ...contents: Bytes): Bytes {
  const bytes = flatten(contents);
  return [id, leb(bytes.length), bytes];
}

/** A section of one definition. */
export function one(id: number, ...definition: Bytes): Bytes {
  return section(id, 0x01, ...definition);
}

export const componentPreamble: Bytes = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
export const modulePreamble: Bytes = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A whole component. */
export function component(...sections: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(flatten([componentPreamble, ...sections]));
}

function flatten(bytes: Bytes): number[] {
  const flat: number[] = [];
  for (const item of bytes) {
    // Not spread: sections are longer than an argument list may be.
    if (typeof item === "number") flat.push(item);
    else for (const byte of flatten(item)) flat.push(byte);
  }
  return flat;
}
