import { readCoreModuleType } from "../component/core-module.ts";
import { Reader } from "../component/reader.ts";

/** Where a rewritten module finds its memory among its imports. */
export const memoryImport = { module: "whorl:memory", name: "memory" } as const;

/** Size of a linear memory in pages of 64 KiB. */
export interface MemoryType {
  readonly initial: number;
  readonly maximum: number | undefined;
}

export interface ImportedMemoryModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly memory: MemoryType;
}

/** Section identifiers of the core binary format. */
const sections = { type: 1, import: 2, memory: 5 } as const;
const preambleBytes = 8;
const externMemory = 0x02;

interface Section {
  readonly id: number;
  /** From the identifier to the end of the contents. */
  readonly start: number;
  readonly contents: number;
  readonly end: number;
}

/**
 * Rewrites a core module that defines one ordinary memory so that it imports that memory: memories
 * can then be made before instances and used again after them. Function indices stay as they are,
 * since only functions count among imported functions, and the memory stays number 0. Returns
 * undefined for every other module (no memory, an imported one, several, shared or 64-bit ones).
 */
export function importMemory(bytes: Uint8Array<ArrayBuffer>): ImportedMemoryModule | undefined {
  const { imports } = readCoreModuleType(bytes, 0, bytes.length);
  if (imports.some(({ type }) => type.kind === "memory")) return undefined;
  const list = readSections(bytes);
  const memorySection = list.find(({ id }) => id === sections.memory);
  const memory = memorySection && readOnlyMemory(bytes, memorySection);
  if (memorySection === undefined || memory === undefined) return undefined;
  const others = importEntries(
    bytes,
    list.find(({ id }) => id === sections.import),
  );
  const contents = concatenated([
    new Uint8Array(leb128(others.count + 1)),
    others.entries,
    new Uint8Array([
      ...nameBytes(memoryImport.module),
      ...nameBytes(memoryImport.name),
      externMemory,
      // The description of a memory import is that of its definition, behind the count of 1.
      ...bytes.subarray(memorySection.contents + 1, memorySection.end),
    ]),
  ]);
  const section = concatenated([
    new Uint8Array([sections.import, ...leb128(contents.length)]),
    contents,
  ]);
  return { bytes: assemble(bytes, list, section), memory };
}

function readSections(bytes: Uint8Array<ArrayBuffer>): Section[] {
  const reader = new Reader(bytes, "core module", preambleBytes, bytes.length);
  const list: Section[] = [];
  while (reader.remaining > 0) {
    const start = reader.offset;
    const id = reader.byte();
    const length = reader.u32();
    const contents = reader.offset;
    reader.window(length, `core module section ${id}`);
    list.push({ id, start, contents, end: contents + length });
  }
  return list;
}

/** The memory of a section that defines exactly one with 32-bit addresses, not shared. */
function readOnlyMemory(bytes: Uint8Array<ArrayBuffer>, section: Section): MemoryType | undefined {
  const reader = new Reader(bytes, "memory section", section.contents, section.end);
  if (reader.u32() !== 1) return undefined;
  const flags = reader.byte();
  if (flags > 1) return undefined;
  const initial = reader.u32();
  return { initial, maximum: flags === 1 ? reader.u32() : undefined };
}

/** The entries of the import section, to be put after another one. */
function importEntries(
  bytes: Uint8Array<ArrayBuffer>,
  section: Section | undefined,
): { readonly count: number; readonly entries: Uint8Array } {
  if (section === undefined) return { count: 0, entries: new Uint8Array(0) };
  const reader = new Reader(bytes, "import section", section.contents, section.end);
  const count = reader.u32();
  return { count, entries: bytes.subarray(reader.offset, section.end) };
}

/** The module with `importSection` in its place and without a memory section. */
function assemble(
  bytes: Uint8Array<ArrayBuffer>,
  list: readonly Section[],
  importSection: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [bytes.subarray(0, preambleBytes)];
  let isPlaced = false;
  for (const { id, start, end } of list) {
    // The import section stands behind the types and before everything that has an index.
    if (!isPlaced && id > sections.type) {
      parts.push(importSection);
      isPlaced = true;
    }
    if (id !== sections.import && id !== sections.memory) parts.push(bytes.subarray(start, end));
  }
  if (!isPlaced) parts.push(importSection);
  return concatenated(parts);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function nameBytes(name: string): number[] {
  const bytes = new TextEncoder().encode(name);
  return [...leb128(bytes.length), ...bytes];
}

/** Unsigned LEB128. */
function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}
