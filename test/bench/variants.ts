/** Section ids of components (component-model/Binary.md) and of core modules. */
const coreModuleSection = 1;
const typeSection = 1;
const preambleBytes = 8;
/** So many variants of a component can there be: two to this power. */
const indexBits = 20;

interface Section {
  readonly id: number;
  readonly contents: Uint8Array;
}

/**
 * The same component with a type that nobody uses in its largest core module: another digest, and
 * also other core modules, so that nothing of it can be shared with its siblings.
 */
export function variantOf(component: Uint8Array, index: number): Uint8Array<ArrayBuffer> {
  const sections = readSections(component);
  const modules = sections.filter(({ id }) => id === coreModuleSection);
  const largest = modules.toSorted((a, b) => b.contents.length - a.contents.length)[0];
  if (largest === undefined) throw new Error("the component has no core module");
  const changed = sections.map((section) =>
    section === largest ? { ...section, contents: withType(section.contents, index) } : section,
  );
  return writeSections(component.subarray(0, preambleBytes), changed);
}

function withType(module: Uint8Array, index: number): Uint8Array {
  const sections = readSections(module).map((section) => {
    if (section.id !== typeSection) return section;
    const { value: count, next } = readNumber(section.contents, 0);
    const types = [...writeNumber(count + 1), ...section.contents.subarray(next)];
    return { ...section, contents: new Uint8Array([...types, ...unusedType(index)]) };
  });
  return writeSections(module.subarray(0, preambleBytes), sections);
}

/** A function type whose parameters spell the index in i32 and i64. */
function unusedType(index: number): number[] {
  const i32 = 0x7f;
  const i64 = 0x7e;
  const digits = Array.from({ length: indexBits }, (_, bit) => ((index >> bit) & 1 ? i64 : i32));
  return [0x60, digits.length, ...digits, 0];
}

function readSections(bytes: Uint8Array): Section[] {
  const sections: Section[] = [];
  let offset = preambleBytes;
  while (offset < bytes.length) {
    const id = bytes[offset] ?? 0;
    const { value: size, next } = readNumber(bytes, offset + 1);
    sections.push({ id, contents: bytes.subarray(next, next + size) });
    offset = next + size;
  }
  return sections;
}

function writeSections(
  preamble: Uint8Array,
  sections: readonly Section[],
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [preamble];
  for (const { id, contents } of sections) {
    parts.push(new Uint8Array([id, ...writeNumber(contents.length)]), contents);
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** Unsigned LEB128. */
function readNumber(bytes: Uint8Array, offset: number): { value: number; next: number } {
  let value = 0;
  let factor = 1;
  for (let next = offset; ; next++) {
    const byte = bytes[next] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, next: next + 1 };
    factor *= 128;
  }
}

function writeNumber(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}
