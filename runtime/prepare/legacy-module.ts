import { readCoreExternType } from "../component/core-types.ts";
import { Reader } from "../component/reader.ts";
import { WhorlError } from "../error.ts";
import {
  concatenated,
  leb128,
  nameBytes,
  readCoreSections,
  sectionIds,
  writeCoreSections,
} from "./core-sections.ts";
import { withQuietAllocator } from "./quiet-allocator.ts";
import { spin1Interfaces } from "./spin-1-wit.ts";

/** A module of the Spin 1 era with the names of the component model. */
export interface RenamedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** WIT text of its world, which is called {@link legacyWorld}. */
  readonly wit: string;
}

export const legacyWorld = "spin-1";
const packageName = "fermyon:spin";

/** Import modules of that time: the interface, and functions that have another name now. */
const importedInterfaces: ReadonlyMap<string, string> = new Map([
  ["key-value", "key-value"],
  ["llm", "llm"],
  ["outbound-mysql", "mysql"],
  ["outbound-pg", "postgres"],
  ["outbound-redis", "redis"],
  ["spin-config", "config"],
  ["sqlite", "sqlite"],
  ["wasi-outbound-http", "http"],
]);
const renamedFunctions: ReadonlyMap<string, string> = new Map([
  ["wasi-outbound-http#request", "send-request"],
]);

/** Entry points of that time: interface and function. */
const exportedFunctions: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["handle-http-request", ["inbound-http", "handle-request"]],
  ["handle-redis-message", ["inbound-redis", "handle-message"]],
]);
const renamedExports: ReadonlyMap<string, string> = new Map([
  ["canonical_abi_realloc", "cabi_realloc"],
  // Programs of TinyGo register their handlers when they start.
  ["_start", "_initialize"],
]);

const preview1 = "wasi_snapshot_preview1";

/**
 * Gives the imports and exports of a module made with wit-bindgen 0.2 their present names: how its
 * functions pass values has not changed since. Throws `unsupported` for a module without an entry
 * point of Spin, or with imports that Spin 1 did not have; `malformed`.
 */
export function renameLegacyModule(bytes: Uint8Array<ArrayBuffer>): RenamedModule {
  const sections = readCoreSections(bytes);
  const contents = new Map(sections.contents);
  const imports = renamedImports(contents.get(sectionIds.import));
  const exports = renamedExportSection(contents.get(sectionIds.export));
  if (exports.interfaces.size === 0) {
    throw new WhorlError(
      "unsupported",
      "the core module has neither the world of wit-bindgen 0.5 or newer, nor a function " +
        `"_start", nor one of ${[...exportedFunctions.keys()].join(", ")}: ` +
        "build it as a component, or with a current SDK",
    );
  }
  if (imports.section !== undefined) contents.set(sectionIds.import, imports.section);
  contents.set(sectionIds.export, exports.section);
  const code = withQuietAllocator(bytes);
  if (code !== undefined) contents.set(sectionIds.code, code);
  return {
    bytes: writeCoreSections({ contents, names: sections.names }),
    wit: worldText(imports.interfaces, exports.interfaces),
  };
}

function renamedImports(section: Uint8Array<ArrayBuffer> | undefined): {
  readonly section: Uint8Array<ArrayBuffer> | undefined;
  readonly interfaces: ReadonlySet<string>;
} {
  const interfaces = new Set<string>();
  if (section === undefined) return { section, interfaces };
  const reader = new Reader(section, "import section");
  const count = reader.u32();
  const parts: Uint8Array[] = [new Uint8Array(leb128(count))];
  for (let index = 0; index < count; index++) {
    const [module, field] = [reader.name(), reader.name()];
    const start = reader.offset;
    readCoreExternType(reader, () => ({ params: [], results: [] }));
    const [toModule, toField] = importName(module, field, interfaces);
    const names = [...nameBytes(toModule), ...nameBytes(toField)];
    parts.push(new Uint8Array(names), section.subarray(start, reader.offset));
  }
  return { section: concatenated(parts), interfaces };
}

function importName(
  module: string,
  field: string,
  interfaces: Set<string>,
): readonly [string, string] {
  if (module === preview1) return [module, field];
  const name = importedInterfaces.get(module);
  if (name === undefined) {
    throw new WhorlError(
      "unsupported",
      `the core module imports ${module} ${field}, which is no interface of Spin 1: ` +
        "build it as a component, or with a current SDK",
    );
  }
  interfaces.add(name);
  return [`${packageName}/${name}`, renamedFunctions.get(`${module}#${field}`) ?? field];
}

function renamedExportSection(section: Uint8Array<ArrayBuffer> | undefined): {
  readonly section: Uint8Array<ArrayBuffer>;
  readonly interfaces: ReadonlySet<string>;
} {
  const interfaces = new Set<string>();
  const reader = new Reader(section ?? new Uint8Array([0]), "export section");
  const items: number[][] = [];
  for (let count = reader.u32(); count > 0; count--) {
    const name = reader.name();
    const kind = reader.byte();
    const index = reader.u32();
    const entry = exportedFunctions.get(name);
    if (entry !== undefined) interfaces.add(entry[0]);
    const renamed = entry && `${packageName}/${entry[0]}#${entry[1]}`;
    const to = renamed ?? renamedExports.get(name) ?? name;
    items.push([...nameBytes(to), kind, ...leb128(index)]);
  }
  return { section: new Uint8Array([...leb128(items.length), ...items.flat()]), interfaces };
}

function worldText(imports: ReadonlySet<string>, exports: ReadonlySet<string>): string {
  const interfaces = Object.entries(spin1Interfaces).map(
    ([name, text]) => `interface ${name} {${text}\n}`,
  );
  return [
    `package ${packageName};`,
    ...interfaces,
    `world ${legacyWorld} {`,
    ...[...imports].map((name) => `  import ${name};`),
    ...[...exports].map((name) => `  export ${name};`),
    "}",
  ].join("\n");
}
