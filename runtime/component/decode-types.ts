import { limits } from "../limits.ts";
import { readCoreType } from "./decode-core-types.ts";
import { checkImplements, NameScope, readExternName, readLabel } from "./decode-names.ts";
import { readAlias } from "./decode-sorts.ts";
import { hex, type Reader } from "./reader.ts";
import type {
  Declaration,
  ExternTypeSyntax,
  FuncTypeSyntax,
  LabelSyntax,
  TypeSyntax,
  ValueTypeRef,
  ValueTypeSyntax,
} from "./syntax.ts";
import type { PrimitiveKind } from "./types.ts";

const primitives: Readonly<Record<number, PrimitiveKind>> = {
  0x7f: "bool",
  0x7e: "s8",
  0x7d: "u8",
  0x7c: "s16",
  0x7b: "u16",
  0x7a: "s32",
  0x79: "u32",
  0x78: "s64",
  0x77: "u64",
  0x76: "f32",
  0x75: "f64",
  0x74: "char",
  0x73: "string",
  0x64: "error-context",
};

/** `valtype`: a primitive or a type index. */
function readValueTypeRef(reader: Reader): ValueTypeRef {
  const start = reader.offset;
  const code = reader.peek();
  if (code < 0x40 || code > 0x7f) return reader.s33Index();
  reader.byte();
  return primitives[code] ?? reader.fail(`${hex(code)} is not a value type`, start);
}

function readOptionalRef(reader: Reader): ValueTypeRef | undefined {
  return reader.optional("optional type", readValueTypeRef);
}

/** `type`; `depth` counts the component and instance types around it. */
export function readType(reader: Reader, depth = 0): TypeSyntax {
  const start = reader.offset;
  const code = reader.byte();
  switch (code) {
    case 0x40:
      return readFuncType(reader, false);
    case 0x43:
      return readFuncType(reader, true);
    case 0x41:
      return { kind: "component-type", declarations: readDeclarations(reader, true, depth + 1) };
    case 0x42:
      return { kind: "instance-type", declarations: readDeclarations(reader, false, depth + 1) };
    case 0x3f:
      return readResourceType(reader);
    default:
      return readValueType(reader, code, start);
  }
}

function readValueType(reader: Reader, code: number, start: number): ValueTypeSyntax {
  const primitive = primitives[code];
  if (primitive !== undefined) return { kind: "primitive", primitive };
  switch (code) {
    case 0x72:
      return { kind: "record", fields: nonEmpty(reader, "record", readLabels(reader, "fields")) };
    case 0x71:
      return readVariantType(reader);
    case 0x70:
      return { kind: "list", element: readValueTypeRef(reader), length: undefined };
    case 0x67:
      return readFixedList(reader);
    case 0x6f: {
      const items = reader.vector("tuple items", readValueTypeRef, limits.typeMembersMax);
      return { kind: "tuple", items: nonEmpty(reader, "tuple", items) };
    }
    case 0x6e:
      return readFlagsType(reader);
    case 0x6d:
      return { kind: "enum", names: nonEmpty(reader, "enum", readNames(reader, "enum names")) };
    default:
      return readHandleOrContainer(reader, code, start);
  }
}

function readHandleOrContainer(reader: Reader, code: number, start: number): ValueTypeSyntax {
  switch (code) {
    case 0x6b:
      return { kind: "option", some: readValueTypeRef(reader) };
    case 0x6a:
      return { kind: "result", ok: readOptionalRef(reader), err: readOptionalRef(reader) };
    case 0x69:
      return { kind: "own", resource: reader.u32() };
    case 0x68:
      return { kind: "borrow", resource: reader.u32() };
    case 0x66:
      return { kind: "stream", element: readOptionalRef(reader) };
    case 0x65:
      return { kind: "future", element: readOptionalRef(reader) };
    case 0x63:
      return { kind: "map", key: readValueTypeRef(reader), value: readValueTypeRef(reader) };
    default:
      return reader.fail(`${hex(code)} is not a type`, start);
  }
}

function nonEmpty<T>(reader: Reader, what: string, items: readonly T[]): readonly T[] {
  if (items.length === 0) reader.invalid(`a ${what} type has no members`);
  return items;
}

function readLabels(reader: Reader, what: string): LabelSyntax[] {
  const labels = new NameScope();
  return reader.vector(
    what,
    (item) => ({ name: readLabel(item, labels), type: readValueTypeRef(item) }),
    limits.typeMembersMax,
  );
}

function readNames(reader: Reader, what: string): string[] {
  const labels = new NameScope();
  return reader.vector(what, (item) => readLabel(item, labels), limits.typeMembersMax);
}

function readVariantType(reader: Reader): ValueTypeSyntax {
  const labels = new NameScope();
  const cases = reader.vector(
    "variant cases",
    (item) => {
      const name = readLabel(item, labels);
      const type = readOptionalRef(item);
      item.expect(0x00, "end of a variant case");
      return { name, type };
    },
    limits.typeMembersMax,
  );
  return { kind: "variant", cases: nonEmpty(reader, "variant", cases) };
}

function readFixedList(reader: Reader): ValueTypeSyntax {
  const element = readValueTypeRef(reader);
  const length = reader.u32();
  if (length === 0) reader.invalid("a list type of fixed length 0");
  return { kind: "list", element, length };
}

/** More flags are not representable in one i32 (Binary.md, `defvaltype`). */
const flagsMax = 32;

function readFlagsType(reader: Reader): ValueTypeSyntax {
  const names = nonEmpty(reader, "flags", readNames(reader, "flags"));
  if (names.length > flagsMax) reader.invalid(`a flags type of ${names.length} flags, at most 32`);
  return { kind: "flags", names };
}

function readFuncType(reader: Reader, async: boolean): FuncTypeSyntax {
  const params = readLabels(reader, "parameters");
  return { kind: "func", params, result: readResultList(reader), async };
}

/** `resultlist`. */
export function readResultList(reader: Reader): ValueTypeRef | undefined {
  const start = reader.offset;
  const code = reader.byte();
  if (code === 0x00) return readValueTypeRef(reader);
  if (code !== 0x01) reader.fail(`${hex(code)} does not start a result list`, start);
  reader.expect(0x00, "empty result list");
  return undefined;
}

function readResourceType(reader: Reader): TypeSyntax {
  const start = reader.offset;
  const rep = reader.byte();
  if (rep !== 0x7f)
    reader.invalid(`a resource is represented by ${hex(rep)} and not by i32`, start);
  return { kind: "resource", destructor: reader.optional("destructor", (item) => item.u32()) };
}

function readDeclarations(reader: Reader, inComponent: boolean, depth: number): Declaration[] {
  if (depth > limits.typeNestingMax) {
    reader.limit("component and instance types inside each other", limits.typeNestingMax);
  }
  const scope: DeclarationScope = {
    imports: inComponent ? new NameScope() : undefined,
    exports: new NameScope(),
    depth,
  };
  return reader.vector("declarations", (item) => readDeclaration(item, scope));
}

interface DeclarationScope {
  /** Absent in instance types. */
  readonly imports: NameScope | undefined;
  readonly exports: NameScope;
  readonly depth: number;
}

function readDeclaration(reader: Reader, scope: DeclarationScope): Declaration {
  const offset = reader.offset;
  const code = reader.byte();
  switch (code) {
    case 0x00:
      return { offset, kind: "core-type", type: readCoreType(reader) };
    case 0x01: {
      const type = readType(reader, scope.depth);
      if (type.kind === "resource")
        reader.invalid("a component or instance type defines a resource");
      return { offset, kind: "type", type };
    }
    case 0x02:
      return { offset, kind: "alias", alias: readAlias(reader) };
    case 0x03:
      if (scope.imports === undefined) return reader.fail("an instance type has an import", offset);
      return { offset, kind: "import", ...readNamedExtern(reader, scope.imports) };
    case 0x04:
      return { offset, kind: "export-type", ...readNamedExtern(reader, scope.exports) };
    default:
      return reader.fail(`${hex(code)} is not a declaration`, offset);
  }
}

/** Name and type of an import, or of an export in a type. */
export function readNamedExtern(
  reader: Reader,
  names: NameScope,
): { name: string; type: ExternTypeSyntax } {
  const name = readExternName(reader, names);
  const type = readExternType(reader);
  checkImplements(reader, name, type.kind);
  return { name: name.name, type };
}

/** `externtype`. */
export function readExternType(reader: Reader): ExternTypeSyntax {
  const start = reader.offset;
  const code = reader.byte();
  switch (code) {
    case 0x00:
      reader.expect(0x11, "core sort of an import or export");
      return { kind: "core-module", index: reader.u32() };
    case 0x01:
      return { kind: "func", index: reader.u32() };
    case 0x02:
      if (reader.flag("bound of a value")) readValueTypeRef(reader);
      else reader.u32();
      return { kind: "value" };
    case 0x03:
      return reader.flag("bound of a type")
        ? { kind: "type-resource" }
        : { kind: "type-eq", index: reader.u32() };
    case 0x04:
      return { kind: "component", index: reader.u32() };
    case 0x05:
      return { kind: "instance", index: reader.u32() };
    default:
      return reader.fail(`${hex(code)} is not a kind of import or export`, start);
  }
}
