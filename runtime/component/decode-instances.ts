import { checkImplements, NameScope, readExternName } from "./decode-names.ts";
import { readCoreSortIndex, readSortIndex } from "./decode-sorts.ts";
import { parsePlainName } from "./extern-name.ts";
import { hex, type Reader } from "./reader.ts";
import type { CoreInstanceSyntax, CoreSortIndex, InstanceSyntax, SortIndex } from "./syntax.ts";

/** `core:instance`. Names of arguments and exports are unique by plain comparison. */
export function readCoreInstance(reader: Reader): CoreInstanceSyntax {
  const start = reader.offset;
  const code = reader.byte();
  if (code === 0x00) {
    const module = reader.u32();
    return { kind: "instantiate", module, args: readNamed(reader, "arguments", readCoreArgument) };
  }
  if (code === 0x01) {
    return { kind: "exports", exports: readNamed(reader, "exports", readCoreExport) };
  }
  return reader.fail(`${hex(code)} does not start a core instance`, start);
}

function readNamed<T>(
  reader: Reader,
  what: string,
  read: (reader: Reader) => T,
): ReadonlyMap<string, T> {
  const items = new Map<string, T>();
  const count = reader.count(what);
  for (let index = 0; index < count; index++) {
    const start = reader.offset;
    const name = reader.name();
    if (items.has(name)) reader.invalid(`two ${what} are named ${JSON.stringify(name)}`, start);
    items.set(name, read(reader));
  }
  return items;
}

function readCoreArgument(reader: Reader): number {
  reader.expect(0x12, "sort of an argument of a core module");
  return reader.u32();
}

function readCoreExport(reader: Reader): CoreSortIndex {
  const start = reader.offset;
  const item = readCoreSortIndex(reader);
  if (item.sort === "type" || item.sort === "module" || item.sort === "instance") {
    reader.invalid(`a core instance cannot export a ${item.sort}`, start);
  }
  return item;
}

/** `instance`. */
export function readInstance(reader: Reader): InstanceSyntax {
  const start = reader.offset;
  const code = reader.byte();
  if (code === 0x00) {
    const component = reader.u32();
    return { kind: "instantiate", component, args: readNamed(reader, "arguments", readSortIndex) };
  }
  if (code === 0x01) return { kind: "exports", exports: readInlineExports(reader) };
  return reader.fail(`${hex(code)} does not start an instance`, start);
}

function readInlineExports(reader: Reader): ReadonlyMap<string, SortIndex> {
  const names = new NameScope();
  const exports = new Map<string, SortIndex>();
  const count = reader.count("exports");
  for (let index = 0; index < count; index++) {
    const start = reader.offset;
    const name = readExternName(reader, names);
    if (parsePlainName(name.name)?.annotation !== undefined) {
      // Scopes that name resources are components and their types (Binary.md, notes on exports).
      reader.invalid(`${name.name} belongs to a resource, which an instance cannot name`, start);
    }
    const item = readSortIndex(reader);
    checkImplements(reader, name, item.sort === "instance" ? "instance" : undefined);
    exports.set(name.name, item);
  }
  return exports;
}
