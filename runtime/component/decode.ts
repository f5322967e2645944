import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { readCoreModuleType } from "./core-module.ts";
import { readCanon } from "./decode-canon.ts";
import { readCoreType } from "./decode-core-types.ts";
import { readCoreInstance, readInstance } from "./decode-instances.ts";
import { checkImplements, NameScope, readExternName } from "./decode-names.ts";
import { readAlias, readSortIndex } from "./decode-sorts.ts";
import { readExternType, readNamedExtern, readType } from "./decode-types.ts";
import { hex, Reader } from "./reader.ts";
import type { ComponentSyntax, CoreModuleSyntax, Definition } from "./syntax.ts";

/** What the first eight bytes of a file say it is. */
export type BinaryKind = "component" | "core_module";

const magic = [0x00, 0x61, 0x73, 0x6d];
const preambleBytes = 8;
const coreVersion = 0x0000_0001;
const componentVersion = 0x0001_000d;

/** Tells components from core modules by the preamble. Throws `not_wasm` for anything else. */
export function binaryKind(bytes: Uint8Array): BinaryKind {
  const isWasm = magic.every((byte, index) => bytes[index] === byte);
  if (!isWasm || bytes.length < preambleBytes) {
    throw new WhorlError("not_wasm", "the file is not WebAssembly: it does not start with \\0asm");
  }
  const version = preambleVersion(bytes, 0);
  if (version === coreVersion) return "core_module";
  if (version === componentVersion) return "component";
  throw new WhorlError(
    "not_wasm",
    `the file is WebAssembly of an unknown version (${hex(version & 0xffff)}, layer ${version >>> 16}): this runtime knows components of version 0xd and core modules of version 1`,
  );
}

function preambleVersion(bytes: Uint8Array, start: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + start + 4, 4).getUint32(0, true);
}

/**
 * Decodes a component binary (Binary.md). Core modules stay views into `bytes`. Throws
 * `not_wasm`, `core_module`, `malformed`, `invalid` (names), `limit` or `unsupported`.
 */
export function decodeComponent(bytes: Uint8Array<ArrayBuffer>): ComponentSyntax {
  if (bytes.length > limits.componentBytesMax) {
    throw new WhorlError(
      "limit",
      `the component has ${bytes.length} bytes, more than the limit of ${limits.componentBytesMax}`,
    );
  }
  if (binaryKind(bytes) === "core_module") {
    throw new WhorlError(
      "core_module",
      "the file is a core module and not a component: encode it as a component first",
    );
  }
  return readComponent(new Reader(bytes, "component", preambleBytes), 0);
}

/** Definitions of one component while it is read. */
interface ComponentDraft {
  readonly definitions: Definition[];
  readonly imports: NameScope;
  readonly exports: NameScope;
  readonly nesting: number;
}

function readComponent(reader: Reader, nesting: number): ComponentSyntax {
  const draft: ComponentDraft = {
    definitions: [],
    imports: new NameScope(),
    exports: new NameScope(),
    nesting,
  };
  while (reader.remaining > 0) readSection(reader, draft);
  return { definitions: draft.definitions };
}

const sectionNames = [
  "custom section",
  "core module section",
  "core instance section",
  "core type section",
  "component section",
  "instance section",
  "alias section",
  "type section",
  "canonical section",
  "start section",
  "import section",
  "export section",
  "value section",
];

function readSection(reader: Reader, draft: ComponentDraft): void {
  const start = reader.offset;
  const id = reader.byte();
  const name = sectionNames[id] ?? reader.fail(`${hex(id)} is not a section`, start);
  const length = reader.u32();
  const section = reader.window(length, name);
  readContents(section, id, draft);
  section.expectEnd();
}

function readContents(section: Reader, id: number, draft: ComponentDraft): void {
  const offset = section.offset;
  switch (id) {
    case 0:
      // Custom sections, the names among them, never make a component invalid.
      section.name();
      section.offset = section.end;
      return;
    case 1:
      draft.definitions.push({ offset, kind: "core-module", module: readModule(section) });
      return;
    case 4:
      draft.definitions.push({ offset, kind: "component", component: readNested(section, draft) });
      return;
    case 9:
      draft.definitions.push(readStart(section));
      return;
    case 12:
      throw new WhorlError(
        "unsupported",
        `the component has a value section at byte offset ${hex(offset)}: values are not supported`,
      );
    default:
      readDefinitions(section, id, draft);
  }
}

function readModule(section: Reader): CoreModuleSyntax {
  const { bytes, offset: start, end } = section;
  checkPreamble(section, coreVersion, "core module");
  section.offset = end;
  return { bytes: bytes.subarray(start, end), type: readCoreModuleType(bytes, start, end) };
}

function readNested(section: Reader, { nesting }: ComponentDraft): ComponentSyntax {
  if (nesting >= limits.componentNestingMax) {
    section.limit("components inside each other", limits.componentNestingMax);
  }
  checkPreamble(section, componentVersion, "component");
  section.offset += preambleBytes;
  return readComponent(section, nesting + 1);
}

function checkPreamble(section: Reader, version: number, what: string): void {
  const { bytes, offset } = section;
  const isWasm =
    section.remaining >= preambleBytes &&
    magic.every((byte, index) => bytes[offset + index] === byte);
  if (!isWasm || preambleVersion(bytes, offset) !== version) {
    section.fail(`a nested ${what} does not start as one`);
  }
}

function readStart(section: Reader): Definition {
  const offset = section.offset;
  const func = section.u32();
  section.vector("arguments", (item) => item.u32());
  section.u32();
  return { offset, kind: "start", func };
}

function readDefinitions(section: Reader, id: number, draft: ComponentDraft): void {
  const count = section.count("definitions");
  for (let index = 0; index < count; index++) {
    draft.definitions.push(readDefinition(section, id, draft));
  }
}

function readDefinition(section: Reader, id: number, draft: ComponentDraft): Definition {
  const offset = section.offset;
  switch (id) {
    case 2:
      return { offset, kind: "core-instance", expression: readCoreInstance(section) };
    case 3:
      return { offset, kind: "core-type", type: readCoreType(section) };
    case 5:
      return { offset, kind: "instance", expression: readInstance(section) };
    case 6:
      return { offset, kind: "alias", alias: readAlias(section) };
    case 7:
      return { offset, kind: "type", type: readType(section) };
    case 8:
      return { offset, kind: "canon", canon: readCanon(section) };
    case 10:
      return { offset, kind: "import", ...readNamedExtern(section, draft.imports) };
    default:
      return readExport(section, draft.exports);
  }
}

function readExport(section: Reader, names: NameScope): Definition {
  const offset = section.offset;
  const name = readExternName(section, names);
  const item = readSortIndex(section);
  checkImplements(section, name, item.sort === "instance" ? "instance" : undefined);
  const type = section.optional("type of an export", readExternType);
  return { offset, kind: "export", name: name.name, item, type };
}
