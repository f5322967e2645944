import { hex, type Reader } from "./reader.ts";
import type { AliasSyntax, CoreSort, CoreSortIndex, Sort, SortIndex } from "./syntax.ts";

const coreSorts: Readonly<Record<number, CoreSort>> = {
  0x00: "func",
  0x01: "table",
  0x02: "memory",
  0x03: "global",
  0x04: "tag",
  0x10: "type",
  0x11: "module",
  0x12: "instance",
};

const sorts: Readonly<Record<number, Sort>> = {
  0x01: "func",
  0x02: "value",
  0x03: "type",
  0x04: "component",
  0x05: "instance",
};

/** `core:sort`. */
function readCoreSort(reader: Reader): CoreSort {
  const start = reader.offset;
  const code = reader.byte();
  return coreSorts[code] ?? reader.fail(`${hex(code)} is not a core sort`, start);
}

/** `core:sortidx`. */
export function readCoreSortIndex(reader: Reader): CoreSortIndex {
  return { sort: readCoreSort(reader), index: reader.u32() };
}

/** `sort`, split in the core sorts and the others. */
function readAnySort(reader: Reader): { core: CoreSort } | { sort: Sort } {
  const start = reader.offset;
  const code = reader.byte();
  if (code === 0x00) return { core: readCoreSort(reader) };
  const sort = sorts[code];
  return sort === undefined ? reader.fail(`${hex(code)} is not a sort`, start) : { sort };
}

/** `sortidx` of an argument or export: of the core sorts only modules can be passed around. */
export function readSortIndex(reader: Reader): SortIndex {
  const start = reader.offset;
  const found = readAnySort(reader);
  const index = reader.u32();
  if ("sort" in found) return { sort: found.sort, index };
  if (found.core === "module") return { sort: "core-module", index };
  return reader.invalid(`a core ${found.core} cannot be passed between components`, start);
}

/** `alias`. */
export function readAlias(reader: Reader): AliasSyntax {
  const start = reader.offset;
  const found = readAnySort(reader);
  const target = reader.byte();
  switch (target) {
    case 0x00: {
      const sort = "sort" in found ? found.sort : moduleSort(reader, found.core, start);
      return { kind: "export", sort, instance: reader.u32(), name: reader.name() };
    }
    case 0x01:
      if ("sort" in found) return reader.fail(`a core instance exports no ${found.sort}`, start);
      return {
        kind: "core-export",
        sort: found.core,
        instance: reader.u32(),
        name: reader.name(),
      };
    case 0x02:
      return {
        kind: "outer",
        sort: outerSort(reader, found, start),
        count: reader.u32(),
        index: reader.u32(),
      };
    default:
      return reader.fail(`${hex(target)} is not a kind of alias`, start);
  }
}

function moduleSort(reader: Reader, sort: CoreSort, start: number): "core-module" {
  if (sort === "module") return "core-module";
  return reader.invalid(`an instance exports no core ${sort}`, start);
}

function outerSort(
  reader: Reader,
  found: { core: CoreSort } | { sort: Sort },
  start: number,
): "core-module" | "core-type" | "type" | "component" {
  if ("sort" in found) {
    if (found.sort === "type" || found.sort === "component") return found.sort;
    return reader.invalid(`no ${found.sort} can be aliased from an outer component`, start);
  }
  if (found.core === "module") return "core-module";
  if (found.core === "type") return "core-type";
  return reader.invalid(`no core ${found.core} can be aliased from an outer component`, start);
}
