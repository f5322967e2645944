import { readCoreModuleType } from "../component/core-module.ts";
import {
  type CoreDefType,
  type CoreImport,
  type CoreLimits,
  readCoreRecType,
  readLimits,
} from "../component/core-types.ts";
import { Reader } from "../component/reader.ts";
import { WhorlError } from "../error.ts";
import { CodeScanner, type StateInstruction } from "./code-scanner.ts";
import { type CoreSections, readCoreSections, sectionIds } from "./core-sections.ts";

/** What a core module can change while it runs; read from its sections and all its code. */
export interface ModuleFacts {
  readonly sections: CoreSections;
  readonly typeCount: number;
  readonly functionCount: number;
  readonly importedGlobals: number;
  readonly globalCount: number;
  /** The memory index space: imported ones first. */
  readonly memories: readonly MemoryFacts[];
  /** Defined here and mutable; by index in the module's global index space. */
  readonly mutableGlobals: readonly { readonly index: number; readonly valueType: number }[];
  /** Whether it imports or exports something under a name that a rewrite may add. */
  readonly hasReservedNames: boolean;
  readonly bodies: readonly CodeBody[];
  /** The first instruction that changes a table or drops a segment, if any. */
  readonly irreversible: StateInstruction | undefined;
}

export interface MemoryFacts {
  /** Where it comes from; undefined for one that is defined here. */
  readonly imported: { readonly module: string; readonly name: string } | undefined;
  /** Pages. */
  readonly initial: number;
  /** Pages. */
  readonly maximum: number | undefined;
  /** Whether its addresses have 64 bits. */
  readonly isWide: boolean;
  /** Whether code here asks for its size or grows it. */
  readonly isSized: boolean;
  /** Names under which it is exported. */
  readonly exportNames: readonly string[];
}

/** One function body; offsets into the contents of the code section. */
export interface CodeBody {
  /** Where its length stands. */
  readonly prefix: number;
  readonly start: number;
  readonly end: number;
  readonly memoryInstructions: readonly MemoryInstruction[];
}

export interface MemoryInstruction {
  readonly kind: "memory.size" | "memory.grow";
  readonly memory: number;
  readonly start: number;
  readonly end: number;
}

/** What begins like this is added by a rewrite (resettable-module.ts). */
export const reservedPrefix = "whorl:";

const exportKindMemory = 2;

/**
 * Reads a module. Throws `malformed`, and `unsupported` for what cannot be judged: shared memories,
 * pages of another size, opcodes that are unknown here.
 */
export function readModuleFacts(bytes: Uint8Array<ArrayBuffer>): ModuleFacts {
  const sections = readCoreSections(bytes);
  const { imports, exports } = readCoreModuleType(bytes, 0, bytes.length);
  const imported = (kind: string): number =>
    imports.filter(({ type }) => type.kind === kind).length;
  const importedGlobals = imported("global");
  const globals = readGlobals(sections, importedGlobals);
  const code = scanCode(sections.contents.get(sectionIds.code));
  return {
    sections,
    typeCount: countTypes(sections),
    functionCount: imported("func") + countItems(sections, sectionIds.function),
    importedGlobals,
    globalCount: importedGlobals + globals.count,
    memories: readMemories(sections, imports, code.bodies),
    mutableGlobals: globals.mutable,
    hasReservedNames: [
      ...exports.keys(),
      ...imports.flatMap(({ module, name }) => [module, name]),
    ].some((name) => name.startsWith(reservedPrefix)),
    ...code,
  };
}

function countItems(sections: CoreSections, id: number): number {
  const section = sections.contents.get(id);
  return section === undefined ? 0 : new Reader(section, "core module section").u32();
}

function countTypes(sections: CoreSections): number {
  const section = sections.contents.get(sectionIds.type);
  if (section === undefined) return 0;
  const reader = new Reader(section, "type section");
  const types: CoreDefType[] = [];
  for (let count = reader.u32(); count > 0; count--) readCoreRecType(reader, types);
  return types.length;
}

function readMemories(
  sections: CoreSections,
  imports: readonly CoreImport[],
  bodies: readonly CodeBody[],
): MemoryFacts[] {
  const sized = new Set(
    bodies.flatMap((body) => body.memoryInstructions.map(({ memory }) => memory)),
  );
  const exported = exportedMemories(sections);
  const memories: MemoryFacts[] = [];
  const add = (imported: MemoryFacts["imported"], bounds: CoreLimits): void => {
    if (bounds.shared) throw new WhorlError("unsupported", "a memory that is shared");
    const index = memories.length;
    memories.push({
      imported,
      initial: Number(bounds.min),
      maximum: bounds.max === undefined ? undefined : Number(bounds.max),
      isWide: bounds.wide,
      isSized: sized.has(index),
      exportNames: exported.filter((each) => each.index === index).map(({ name }) => name),
    });
  };
  for (const { module, name, type } of imports) {
    if (type.kind === "memory") add({ module, name }, type.limits);
  }
  for (const bounds of definedMemories(sections)) add(undefined, bounds);
  return memories;
}

function definedMemories(sections: CoreSections): CoreLimits[] {
  const section = sections.contents.get(sectionIds.memory);
  if (section === undefined) return [];
  const reader = new Reader(section, "memory section");
  return reader.vector("memories", (each) => {
    if ((each.peek() & 8) !== 0) {
      throw new WhorlError("unsupported", "a memory with pages of another size");
    }
    return readLimits(each);
  });
}

function exportedMemories(sections: CoreSections): { name: string; index: number }[] {
  const section = sections.contents.get(sectionIds.export);
  if (section === undefined) return [];
  const reader = new Reader(section, "export section");
  const found: { name: string; index: number }[] = [];
  for (let count = reader.u32(); count > 0; count--) {
    const name = reader.name();
    const kind = reader.byte();
    const index = reader.u32();
    if (kind === exportKindMemory) found.push({ name, index });
  }
  return found;
}

function readGlobals(
  sections: CoreSections,
  importedGlobals: number,
): { readonly count: number; readonly mutable: { index: number; valueType: number }[] } {
  const section = sections.contents.get(sectionIds.global);
  if (section === undefined) return { count: 0, mutable: [] };
  const reader = new Reader(section, "global section");
  const scanner = new CodeScanner(section, { instruction: () => undefined });
  const count = reader.u32();
  const mutable: { index: number; valueType: number }[] = [];
  for (let index = 0; index < count; index++) {
    const valueType = reader.byte();
    // A reference type with its heap type behind it: an index, or one of the abstract ones.
    if (valueType === 0x63 || valueType === 0x64) {
      if (isAbstractHeapType(reader.peek())) reader.byte();
      else reader.s33Index();
    }
    if (reader.flag("mutability")) mutable.push({ index: importedGlobals + index, valueType });
    reader.offset = scanner.constantExpression(reader.offset);
  }
  return { count, mutable };
}

function isAbstractHeapType(code: number): boolean {
  return code >= 0x68 && code <= 0x74;
}

function scanCode(
  section: Uint8Array<ArrayBuffer> | undefined,
): Pick<ModuleFacts, "bodies" | "irreversible"> {
  if (section === undefined) return { bodies: [], irreversible: undefined };
  const bodies: CodeBody[] = [];
  const found: { irreversible?: StateInstruction } = {};
  let memoryInstructions: MemoryInstruction[] = [];
  const scanner = new CodeScanner(section, {
    instruction(kind, immediate, start, end) {
      if (kind === "memory.size" || kind === "memory.grow") {
        memoryInstructions.push({ kind, memory: immediate, start, end });
      } else if (kind !== "global.set") {
        found.irreversible ??= kind;
      }
    },
  });
  const reader = new Reader(section, "code section");
  for (let count = reader.u32(); count > 0; count--) {
    const prefix = reader.offset;
    const length = reader.u32();
    const start = reader.offset;
    reader.window(length, "function body");
    memoryInstructions = [];
    scanner.body(start, start + length);
    bodies.push({ prefix, start, end: start + length, memoryInstructions });
  }
  reader.expectEnd();
  return { bodies, irreversible: found.irreversible };
}
