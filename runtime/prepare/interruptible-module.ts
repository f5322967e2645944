import { Reader } from "../component/reader.ts";
import { limits } from "../limits.ts";
import { CodeScanner } from "./code-scanner.ts";
import { boundTables } from "./constant-sections.ts";
import { appendItems, type CoreSections, leb128, nameBytes, sectionIds } from "./core-sections.ts";
import { type ModuleFacts, reservedPrefix } from "./module-facts.ts";
import { type BodyCalls, recursiveBodies } from "./recursive-functions.ts";

/** What the host gives to each instance of a rewritten module, in {@link hostModuleName}. */
export interface HostImports {
  /** Memories that the module defined itself before. */
  readonly memories: readonly HostMemory[];
  /** Whether it also imports the page that tells it to stop, as {@link interruptName}. */
  readonly isWatched: boolean;
}

export interface HostMemory {
  readonly name: string;
  /** Pages. */
  readonly initial: number;
  /** Pages. */
  readonly maximum: number | undefined;
  /** Whether its addresses have 64 bits. */
  readonly isWide?: boolean;
}

export interface InterruptibleModule {
  readonly sections: CoreSections;
  readonly host: HostImports;
}

export const hostModuleName: string = reservedPrefix;
/** One page of shared memory: negative in its first 32 bits, it ends the code that looks at it. */
export const interruptName = "interrupt";

const importKindMemory = 2;
const emptyBlock = 0x40;
const memoryPlace = { hasMaximum: 1, shared: 3, wide: 4 } as const;

/**
 * Makes a module take its memories from the host, so that the host bounds them, bounds its tables,
 * and lets it look at a page
 * of memory that another thread can write to wherever it could run for ever: at the beginning of
 * loops and of recursive functions (recursive-functions.ts). Imported memories come first in their
 * index space, so only when its own are imported as well does nothing have to be renumbered.
 *
 * `sections` are those of the module that `facts` are about, perhaps with functions added to them.
 */
export function makeInterruptible(
  { memories, functionCount, bodies }: ModuleFacts,
  sections: CoreSections,
  tableElementsMax: number = limits.tableElementsMax,
): InterruptibleModule {
  const own = memories.flatMap(({ imported, initial, maximum, isWide }, index): HostMemory[] =>
    imported === undefined
      ? [{ name: `memory:${index}`, initial, maximum, ...(isWide && { isWide }) }]
      : [],
  );
  const code = sections.contents.get(sectionIds.code);
  const scanned = code === undefined ? [] : scanFlow(code);
  const checked = withChecks(code, scanned, {
    memory: memories.length,
    importedFunctions: functionCount - bodies.length,
  });
  const isWatched = checked !== undefined;
  const contents = new Map(sections.contents);
  contents.delete(sectionIds.memory);
  boundTables(contents, tableElementsMax);
  const imports = own.map(memoryImport);
  if (isWatched) {
    imports.push(importOf(interruptName, [memoryPlace.shared, 1, 1]));
    contents.set(sectionIds.code, checked);
  }
  if (imports.length > 0) {
    contents.set(sectionIds.import, appendItems(contents.get(sectionIds.import), imports));
  }
  return { sections: { contents, names: sections.names }, host: { memories: own, isWatched } };
}

function memoryImport({ name, initial, maximum, isWide = false }: HostMemory): number[] {
  const wide = isWide ? memoryPlace.wide : 0;
  const bounds =
    maximum === undefined
      ? [wide, ...leb128(initial)]
      : [wide | memoryPlace.hasMaximum, ...leb128(initial), ...leb128(maximum)];
  return importOf(name, bounds);
}

function importOf(name: string, bounds: readonly number[]): number[] {
  return [...nameBytes(hostModuleName), ...nameBytes(name), importKindMemory, ...bounds];
}

interface FlowBody extends BodyCalls {
  /** Where its length stands, where it starts, where its instructions start, and where it ends. */
  readonly prefix: number;
  readonly start: number;
  readonly first: number;
  readonly end: number;
  /** Where the bodies of its loops begin. */
  readonly loops: readonly number[];
}

function scanFlow(section: Uint8Array<ArrayBuffer>): FlowBody[] {
  const bodies: FlowBody[] = [];
  let calls: number[] = [];
  let loops: number[] = [];
  let callsUnknown = false;
  let first = 0;
  const scanner = new CodeScanner(section, {
    readsFlow: true,
    begin: (offset) => (first = offset),
    instruction(kind, immediate, _start, end) {
      if (kind === "loop") loops.push(end);
      else if (kind === "call") calls.push(immediate);
      else if (kind === "call.indirect") callsUnknown = true;
    },
  });
  const reader = new Reader(section, "code section");
  for (let count = reader.u32(); count > 0; count--) {
    const prefix = reader.offset;
    const length = reader.u32();
    const start = reader.offset;
    reader.window(length, "function body");
    [calls, loops, callsUnknown] = [[], [], false];
    scanner.body(start, start + length);
    bodies.push({ prefix, start, first, end: start + length, loops, calls, callsUnknown });
  }
  return bodies;
}

/** Undefined when nothing in the module can run for long. */
function withChecks(
  section: Uint8Array<ArrayBuffer> | undefined,
  bodies: readonly FlowBody[],
  { memory, importedFunctions }: { readonly memory: number; readonly importedFunctions: number },
): Uint8Array<ArrayBuffer> | undefined {
  if (section === undefined) return undefined;
  const recursive = recursiveBodies(bodies, importedFunctions);
  if (recursive.size === 0 && bodies.every(({ loops }) => loops.length === 0)) return undefined;
  const check = checkCode(memory);
  const places = bodies.map(({ first, loops }, index) =>
    recursive.has(index) ? [first, ...loops] : loops,
  );
  const checks = places.reduce((sum, { length }) => sum + length, 0);
  const added = checks * check.length + (bodies.length + 1) * lengthBytesMax;
  const copy = new SectionCopy(section, section.length + added);
  copy.put(leb128(bodies.length));
  copy.skipTo(bodies[0]?.prefix ?? 0);
  for (const [index, { prefix, start, end }] of bodies.entries()) {
    const within = places[index] ?? [];
    if (within.length === 0) continue;
    copy.copyTo(prefix);
    copy.put(leb128(end - start + within.length * check.length));
    copy.skipTo(start);
    for (const place of within) {
      copy.copyTo(place);
      copy.put(check);
    }
    copy.copyTo(end);
  }
  copy.copyTo(section.length);
  return copy.bytes();
}

/** Of a 32-bit integer in LEB128. */
const lengthBytesMax = 5;

/** A section that is copied from its beginning to its end, with changes: tens of thousands of them. */
class SectionCopy {
  readonly #from: Buffer;
  readonly #to: Buffer<ArrayBuffer>;
  #read = 0;
  #written = 0;

  constructor(section: Uint8Array<ArrayBuffer>, bytesMax: number) {
    this.#from = Buffer.from(section.buffer, section.byteOffset, section.length);
    this.#to = Buffer.allocUnsafeSlow(bytesMax);
  }

  /** A few bytes. */
  put(bytes: readonly number[]): void {
    for (const byte of bytes) this.#to[this.#written++] = byte;
  }

  copyTo(offset: number): void {
    this.#written += this.#from.copy(this.#to, this.#written, this.#read, offset);
    this.#read = offset;
  }

  skipTo(offset: number): void {
    this.#read = offset;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#to.subarray(0, this.#written);
  }
}

/**
 * `if (load < 0) trap`. An ordinary load: V8 loads again in every round, which is tested, and an
 * atomic one costs several times as much (docs/decisions.md). The trap is that of a null reference,
 * which code without garbage collection never has otherwise, so that it can be told apart.
 */
function checkCode(memory: number): number[] {
  const load = [0x41, 0, 0x28, 0x42, ...leb128(memory), 0];
  const fail = [0xd0, 0x70, 0xd4, 0x1a];
  return [...load, 0x41, 0, 0x48, 0x04, emptyBlock, ...fail, 0x0b];
}
