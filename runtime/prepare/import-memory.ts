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
const sections = { custom: 0, type: 1, import: 2, memory: 5 } as const;
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
  const list = readSections(bytes);
  const memorySection = list.find(({ id }) => id === sections.memory);
  if (memorySection === undefined) return undefined;
  const memory = readOnlyMemory(bytes, memorySection);
  if (memory === undefined) return undefined;
  const importSection = list.find(({ id }) => id === sections.import);
  const imports = importSection && readImports(bytes, importSection);
  if (imports?.hasMemory === true) return undefined;
  const entry = [
    ...nameBytes(memoryImport.module),
    ...nameBytes(memoryImport.name),
    externMemory,
    ...bytes.subarray(memorySection.contents + 1, memorySection.end),
  ];
  const count = leb128((imports?.count ?? 0) + 1);
  const others = imports?.entries ?? new Uint8Array(0);
  const size = count.length + others.length + entry.length;
  const rewritten = [new Uint8Array([sections.import, ...leb128(size), ...count]), others];
  rewritten.push(new Uint8Array(entry));
  return { bytes: assemble(bytes, list, rewritten), memory };
}

function readSections(bytes: Uint8Array<ArrayBuffer>): Section[] {
  const reader = new Reader(bytes, "core module", preambleBytes, bytes.length);
  const list: Section[] = [];
  while (reader.remaining > 0) {
    const start = bytes.length - reader.remaining;
    const id = reader.byte();
    const length = reader.u32();
    const contents = bytes.length - reader.remaining;
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

function readImports(
  bytes: Uint8Array<ArrayBuffer>,
  section: Section,
): { readonly count: number; readonly entries: Uint8Array; readonly hasMemory: boolean } {
  const reader = new Reader(bytes, "import section", section.contents, section.end);
  const count = reader.u32();
  const entries = bytes.subarray(section.end - reader.remaining, section.end);
  const module = new WebAssembly.Module(importsOnly(bytes, section));
  const hasMemory = WebAssembly.Module.imports(module).some(({ kind }) => kind === "memory");
  return { count, entries, hasMemory };
}
