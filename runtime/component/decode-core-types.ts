import { readCoreExternType, readCoreRecType, type CoreDefType } from "./core-types.ts";
import { hex, type Reader } from "./reader.ts";
import type { CoreExternSyntax, CoreTypeSyntax, ModuleDeclaration } from "./syntax.ts";

/** `core:type`: function types and the GC types of WebAssembly 3.0, or a module type. */
export function readCoreType(reader: Reader): CoreTypeSyntax {
  if (reader.peek() === 0x50) {
    reader.byte();
    return { kind: "module", declarations: reader.vector("declarations", readModuleDeclaration) };
  }
  // A type that others can extend has this prefix to be told from a module type.
  if (reader.peek() === 0x00) {
    reader.byte();
    if (reader.peek() !== 0x50) reader.fail(`${hex(reader.peek())} is not a core type`);
  }
  return { kind: "types", types: readTypes(reader) };
}

function readTypes(reader: Reader): CoreDefType[] {
  const types: CoreDefType[] = [];
  readCoreRecType(reader, types);
  return types;
}

function readModuleDeclaration(reader: Reader): ModuleDeclaration {
  const start = reader.offset;
  const code = reader.byte();
  switch (code) {
    case 0x00:
      return {
        kind: "import",
        module: reader.name(),
        name: reader.name(),
        type: readExtern(reader),
      };
    case 0x01:
      if (reader.peek() === 0x50) reader.invalid("a module type inside a module type");
      return { kind: "type", types: readTypes(reader) };
    case 0x02:
      reader.expect(0x10, "sort of an alias in a module type");
      reader.expect(0x01, "kind of an alias in a module type");
      return { kind: "outer-type", count: reader.u32(), index: reader.u32() };
    case 0x03:
      return { kind: "export", name: reader.name(), type: readExtern(reader) };
    default:
      return reader.fail(`${hex(code)} is not a declaration of a module type`, start);
  }
}

function readExtern(reader: Reader): CoreExternSyntax {
  const code = reader.peek();
  if (code === 0x00) {
    reader.byte();
    return { kind: "type-index", sort: "func", index: reader.u32() };
  }
  if (code === 0x04) {
    reader.byte();
    reader.expect(0x00, "attribute of a tag");
    return { kind: "type-index", sort: "tag", index: reader.u32() };
  }
  return { kind: "type", type: readCoreExternType(reader, noType) };
}

function noType(reader: Reader): never {
  return reader.fail("an unexpected function type");
}
