import { Reader } from "../component/reader.ts";
import { WhorlError } from "../error.ts";

/** How a core module has to be made a component (Spin's rules, crate spin-componentize). */
export type ModuleKind =
  /** Made with wit-bindgen 0.5 or newer: carries its world in custom sections. */
  | { readonly kind: "reactor" }
  /** A program of WASI preview 1. */
  | { readonly kind: "command" }
  /** Made for Spin 1: calls and exports functions by the names of that time. */
  | { readonly kind: "legacy" };

/** What the sections of a core module say about its making. */
interface Traces {
  readonly functionExports: ReadonlySet<string>;
  /** `processed-by` of the module itself: tool and version. */
  readonly tools: ReadonlyMap<string, string>;
  /** The same of the last world in it; undefined without one. */
  readonly worldTools: ReadonlyMap<string, string> | undefined;
}

const preambleBytes = 8;
const customSection = 0;
const exportSection = 7;
const exportKindFunction = 0;
/** wasi-libc before this clang, which is wasi-sdk 19, corrupts the memory of large programs. */
const clangMin = [15, 0, 7] as const;

/** Whether bytes begin as a core module does. */
export function isCoreModule(bytes: Uint8Array): boolean {
  return [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00].every(
    (byte, index) => bytes[index] === byte,
  );
}

/**
 * Tells how a core module was made. Throws `unsupported` for one made with tools whose output
 * nothing can adapt, `malformed` when its sections cannot be read.
 */
export function moduleKind(bytes: Uint8Array<ArrayBuffer>): ModuleKind {
  const traces = readTraces(bytes);
  const version = [...(traces.worldTools ?? [])].find(([tool]) => tool.startsWith("wit-bindgen"));
  if (version !== undefined) {
    if (isAdaptable(version[1])) return { kind: "reactor" };
    throw new WhorlError(
      "unsupported",
      `the core module was made with wit-bindgen ${version[1]}, which cannot be adapted: ` +
        "build it with wit-bindgen 0.5 or newer, or as a component",
    );
  }
  const exports = traces.functionExports;
  const usesBindings =
    traces.worldTools !== undefined ||
    exports.has("cabi_realloc") ||
    exports.has("canonical_abi_realloc");
  if (!exports.has("_start") || usesBindings) return { kind: "legacy" };
  checkClang(traces.tools.get("clang"));
  return { kind: "command" };
}

/** 0.5 and everything after it below 1, with at most three parts. */
function isAdaptable(version: string): boolean {
  const parts = version.split(".");
  const [major, minor] = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : undefined));
  return major === 0 && minor !== undefined && minor >= 5 && parts.length <= 3;
}

function checkClang(text: string | undefined): void {
  const [, ...parts] = /^(\d+)\.(\d+)\.(\d+)(?:-wasi-sdk)?(?: |$)/.exec(text ?? "") ?? [];
  if (parts.length === 0) return;
  for (const [index, least] of clangMin.entries()) {
    const part = Number(parts[index]);
    if (part > least) return;
    if (part < least) {
      throw new WhorlError(
        "unsupported",
        `the core module was compiled with clang ${text}, that is with a wasi-sdk before 19, ` +
          "whose allocator corrupts memory: build it again with a newer one",
      );
    }
  }
}

function readTraces(bytes: Uint8Array<ArrayBuffer>): Traces {
  const functionExports = new Set<string>();
  let tools: ReadonlyMap<string, string> = new Map();
  let worldTools: ReadonlyMap<string, string> | undefined;
  eachSection(new Reader(bytes, "core module", preambleBytes), (id, section) => {
    if (id === exportSection) {
      for (let count = section.u32(); count > 0; count--) {
        const name = section.name();
        if (section.byte() === exportKindFunction) functionExports.add(name);
        section.u32();
      }
    } else if (id === customSection) {
      const name = section.name();
      if (name === "producers") tools = lenient(() => processedBy(section)) ?? tools;
      if (name.startsWith("component-type")) {
        worldTools = lenient(() => toolsOfWorld(section)) ?? worldTools;
      }
    }
  });
  return { functionExports, tools, worldTools };
}

function eachSection(reader: Reader, visit: (id: number, section: Reader) => void): void {
  while (reader.remaining > 0) {
    const id = reader.byte();
    visit(id, reader.window(reader.u32(), `section ${id}`));
  }
}

/** A world is a component; who made it stands in a custom section of that. */
function toolsOfWorld(section: Reader): ReadonlyMap<string, string> {
  section.expect(0x00, "preamble of a world");
  section.window(preambleBytes - 1, "preamble of a world");
  let tools: ReadonlyMap<string, string> = new Map();
  eachSection(section, (id, inner) => {
    if (id === customSection && inner.name() === "producers") tools = processedBy(inner);
  });
  return tools;
}

/** The field `processed-by` of a producers section (tool-conventions, ProducersSection.md). */
function processedBy(section: Reader): ReadonlyMap<string, string> {
  const tools = new Map<string, string>();
  for (let fields = section.u32(); fields > 0; fields--) {
    const field = section.name();
    for (let values = section.u32(); values > 0; values--) {
      const [tool, version] = [section.name(), section.name()];
      if (field === "processed-by") tools.set(tool, version);
    }
  }
  return tools;
}

/** Custom sections never make a module wrong: what cannot be read there says nothing. */
function lenient<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof WhorlError) return undefined;
    throw error;
  }
}
