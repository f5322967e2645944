import { Reader } from "./reader.ts";
import {
  type CoreDefType,
  type CoreExternType,
  type CoreImport,
  type CoreModuleType,
  readCoreExternType,
  readCoreRecType,
  readGlobalType,
  readMemoryLimits,
  readTableType,
  readTagType,
} from "./core-types.ts";
import type { CoreFuncType } from "./types.ts";

/** Index spaces of a module while it is read. */
interface ModuleSpaces {
  readonly types: CoreDefType[];
  readonly imports: CoreImport[];
  readonly exports: Map<string, CoreExternType>;
  /** Type index of each function; only those of exports are asked for. */
  readonly funcs: number[];
  readonly tables: CoreExternType[];
  readonly memories: CoreExternType[];
  readonly globals: CoreExternType[];
  readonly tags: CoreExternType[];
}

/**
 * Imports and exports of a core module with their types. Reads only the sections that declare
 * them and stops behind the export section: the engine validates the rest when it compiles.
 * Throws `malformed`.
 */
export function readCoreModuleType(
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
): CoreModuleType {
  const reader = new Reader(bytes, "core module", start + 8, end);
  const spaces: ModuleSpaces = {
    types: [],
    imports: [],
    exports: new Map(),
    funcs: [],
    tables: [],
    memories: [],
    globals: [],
    tags: [],
  };
  while (reader.remaining > 0) {
    const id = reader.byte();
    const length = reader.u32();
    const read = sectionReaders[id];
    const section = reader.window(length, `core module section ${id}`);
    read?.(section, spaces);
    if (id === exportSectionId) break;
  }
  return { imports: spaces.imports, exports: spaces.exports };
}

const exportSectionId = 7;

const sectionReaders: Readonly<Record<number, (reader: Reader, spaces: ModuleSpaces) => void>> = {
  1: readTypes,
  2: readImports,
  3: readFuncs,
  4: readTables,
  5: readMemories,
  6: readGlobals,
  13: readTags,
  [exportSectionId]: readExports,
};

/** The engine has its own bounds for modules; the count only has to fit in the section. */
function entries(reader: Reader, what: string): number {
  return reader.count(what, Number.MAX_SAFE_INTEGER);
}

function readTypes(reader: Reader, spaces: ModuleSpaces): void {
  const count = entries(reader, "types");
  for (let index = 0; index < count; index++) readCoreRecType(reader, spaces.types);
}

function funcTypeAt(spaces: ModuleSpaces, reader: Reader, index: number): CoreFuncType {
  const type = spaces.types[index];
  if (type?.kind === "func") return type.type;
  return reader.fail(`type ${index} is not a function type of the core module`);
}

function readImports(reader: Reader, spaces: ModuleSpaces): void {
  const names = new Set<string>();
  let lastType = 0;
  const count = entries(reader, "imports");
  for (let index = 0; index < count; index++) {
    const module = reader.name();
    const name = reader.name();
    const type = readCoreExternType(reader, (at, typeIndex) => {
      lastType = typeIndex;
      return funcTypeAt(spaces, at, typeIndex);
    });
    const key = `${module}\0${name}`;
    if (names.has(key)) reader.invalid(`a core module imports ${module} ${name} twice`);
    names.add(key);
    spaces.imports.push({ module, name, type });
    if (type.kind === "func") spaces.funcs.push(lastType);
    else spaceOf(spaces, type.kind).push(type);
  }
}

function spaceOf(
  spaces: ModuleSpaces,
  kind: "table" | "memory" | "global" | "tag",
): CoreExternType[] {
  switch (kind) {
    case "table":
      return spaces.tables;
    case "memory":
      return spaces.memories;
    case "global":
      return spaces.globals;
    case "tag":
      return spaces.tags;
  }
}

function readFuncs(reader: Reader, spaces: ModuleSpaces): void {
  const count = entries(reader, "functions");
  for (let index = 0; index < count; index++) spaces.funcs.push(reader.u32());
}

function readTables(reader: Reader, spaces: ModuleSpaces): void {
  const count = entries(reader, "tables");
  for (let index = 0; index < count; index++) {
    const initialized = reader.peek() === 0x40;
    if (initialized) {
      reader.byte();
      reader.expect(0x00, "table with an initial value");
    }
    spaces.tables.push(readTableType(reader));
    if (initialized) skipConstantExpression(reader);
  }
}

function readMemories(reader: Reader, spaces: ModuleSpaces): void {
  const count = entries(reader, "memories");
  for (let index = 0; index < count; index++) {
    spaces.memories.push({ kind: "memory", limits: readMemoryLimits(reader) });
  }
}

function readGlobals(reader: Reader, spaces: ModuleSpaces): void {
  const count = entries(reader, "globals");
  for (let index = 0; index < count; index++) {
    spaces.globals.push(readGlobalType(reader));
    skipConstantExpression(reader);
  }
}

function readTags(reader: Reader, spaces: ModuleSpaces): void {
  const count = entries(reader, "tags");
  for (let index = 0; index < count; index++) {
    spaces.tags.push(readTagType(reader, (at, typeIndex) => funcTypeAt(spaces, at, typeIndex)));
  }
}

/** Skips to behind the `end` of a constant expression (WebAssembly 3.0, "Constant Expressions"). */
function skipConstantExpression(reader: Reader): void {
  for (;;) {
    const start = reader.offset;
    const opcode = reader.byte();
    if (opcode === 0x0b) return;
    if (!skipImmediates(reader, opcode)) {
      reader.fail(`opcode 0x${opcode.toString(16)} in a constant expression`, start);
    }
  }
}

function skipImmediates(reader: Reader, opcode: number): boolean {
  switch (opcode) {
    case 0x41: // i32.const
    case 0x42: // i64.const
    case 0x23: // global.get
    case 0xd0: // ref.null
    case 0xd2: // ref.func
      skipLeb(reader);
      return true;
    case 0x43: // f32.const
      reader.window(4, "f32 constant");
      return true;
    case 0x44: // f64.const
      reader.window(8, "f64 constant");
      return true;
    case 0xfd: // v128.const
      reader.expect(0x0c, "vector opcode of a constant expression");
      reader.window(16, "v128 constant");
      return true;
    case 0xfb: // struct.new, array.new and their kin
      skipGcImmediates(reader);
      return true;
    default:
      // i32 and i64: add, sub, mul.
      return (opcode >= 0x6a && opcode <= 0x6c) || (opcode >= 0x7c && opcode <= 0x7e);
  }
}

function skipGcImmediates(reader: Reader): void {
  const opcode = reader.u32();
  // any.convert_extern, extern.convert_any and ref.i31 have none.
  if (opcode === 26 || opcode === 27 || opcode === 28) return;
  reader.u32();
  if (opcode === 8) reader.u32();
}

function skipLeb(reader: Reader): void {
  for (let length = 0; length < 10; length++) if (reader.byte() < 0x80) return;
  reader.fail("an integer of more than ten bytes");
}

function readExports(reader: Reader, spaces: ModuleSpaces): void {
  const count = entries(reader, "exports");
  for (let index = 0; index < count; index++) {
    const name = reader.name();
    const start = reader.offset;
    const type = exportedType(reader, spaces);
    if (type === undefined) reader.fail(`export ${JSON.stringify(name)} refers to nothing`, start);
    if (spaces.exports.has(name))
      reader.invalid(`a core module exports ${JSON.stringify(name)} twice`);
    spaces.exports.set(name, type);
  }
}

function exportedType(reader: Reader, spaces: ModuleSpaces): CoreExternType | undefined {
  const kind = reader.byte();
  const index = reader.u32();
  switch (kind) {
    case 0x00: {
      const type = spaces.funcs[index];
      if (type === undefined) return undefined;
      return { kind: "func", type: funcTypeAt(spaces, reader, type) };
    }
    case 0x01:
      return spaces.tables[index];
    case 0x02:
      return spaces.memories[index];
    case 0x03:
      return spaces.globals[index];
    case 0x04:
      return spaces.tags[index];
    default:
      return undefined;
  }
}
