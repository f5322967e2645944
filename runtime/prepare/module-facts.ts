import { readCoreModuleType } from "../component/core-module.ts";
import { type CoreDefType, readCoreRecType } from "../component/core-types.ts";
import { Reader } from "../component/reader.ts";
import { CodeScanner, type StateInstruction } from "./code-scanner.ts";
import { type CoreSections, readCoreSections, sectionIds } from "./core-sections.ts";

/** What a core module can change while it runs; read from its sections and all its code. */
export interface ModuleFacts {
  readonly sections: CoreSections;
  readonly typeCount: number;
  readonly functionCount: number;
  readonly importedGlobals: number;
  readonly importsMemory: boolean;
  readonly memory: MemoryFacts | undefined;
  /** Defined here and mutable; by index in the module's global index space. */
  readonly mutableGlobals: readonly { readonly index: number; readonly valueType: number }[];
  readonly globalCount: number;
  readonly exportNames: ReadonlySet<string>;
  readonly bodies: readonly CodeBody[];
  /** The first instruction that changes a table or drops a segment, if any. */
  readonly irreversible: StateInstruction | undefined;
  readonly usesMemorySize: boolean;
}

export interface MemoryFacts {
  readonly initial: number;
  readonly maximum: number | undefined;
}

/** One function body; offsets into the contents of the code section. */
export interface CodeBody {
  readonly start: number;
  readonly end: number;
  readonly memoryInstructions: readonly MemoryInstruction[];
}

export interface MemoryInstruction {
  readonly kind: "memory.size" | "memory.grow";
  readonly start: number;
  readonly end: number;
}

const mutableFlag = 1;

/**
 * Reads a module. Throws `malformed`, and `unsupported` for what cannot be judged: several
 * memories, shared or 64-bit ones, opcodes that are unknown here.
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
    importsMemory: imported("memory") > 0,
    memory: readMemory(sections),
    mutableGlobals: globals.mutable,
    globalCount: importedGlobals + globals.count,
    exportNames: new Set(exports.keys()),
    ...code,
    usesMemorySize: code.bodies.some(({ memoryInstructions }) => memoryInstructions.length > 0),
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

function readMemory(sections: CoreSections): MemoryFacts | undefined {
  const section = sections.contents.get(sectionIds.memory);
  if (section === undefined) return undefined;
  const reader = new Reader(section, "memory section");
  const count = reader.u32();
  if (count === 0) return undefined;
  const flags = reader.byte();
  if (count > 1 || flags > 1) reader.fail("only one memory with 32-bit addresses can be reset");
  const initial = reader.u32();
  return { initial, maximum: flags === 1 ? reader.u32() : undefined };
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
    // A reference type with its heap type behind it.
    if (valueType === 0x63 || valueType === 0x64) reader.s33Index();
    if (reader.byte() === mutableFlag) mutable.push({ index: importedGlobals + index, valueType });
    reader.offset = scanner.constantExpression(reader.offset);
  }
  return { count, mutable };
}

function scanCode(
  section: Uint8Array<ArrayBuffer> | undefined,
): Pick<ModuleFacts, "bodies" | "irreversible"> {
  if (section === undefined) return { bodies: [], irreversible: undefined };
  const bodies: CodeBody[] = [];
  const found: { irreversible?: StateInstruction } = {};
  let memoryInstructions: MemoryInstruction[] = [];
  const scanner = new CodeScanner(section, {
    instruction(kind, _immediate, { start, end }) {
      if (kind === "memory.size" || kind === "memory.grow") {
        memoryInstructions.push({ kind, start, end });
      } else if (kind !== "global.set") {
        found.irreversible ??= kind;
      }
    },
  });
  const reader = new Reader(section, "code section");
  for (let count = reader.u32(); count > 0; count--) {
    const length = reader.u32();
    const start = reader.offset;
    reader.window(length, "function body");
    memoryInstructions = [];
    scanner.body(start, start + length);
    bodies.push({ start, end: start + length, memoryInstructions });
  }
  return { bodies, irreversible: found.irreversible };
}
