import { CodeScanner } from "./code-scanner.ts";
import { shiftGlobals, withoutInitialization } from "./constant-sections.ts";
import {
  appendItems,
  concatenated,
  type CoreSections,
  type Edit,
  editedParts,
  leb128,
  nameBytes,
  sectionIds,
  signedLeb128,
  writeCoreSections,
} from "./core-sections.ts";
import { type CodeBody, type ModuleFacts, reservedPrefix } from "./module-facts.ts";

/** Names under which a rewritten module shows the state that has to be put back. */
export interface ResettableState {
  readonly memories: readonly ResettableMemory[];
  readonly globals: readonly string[];
}

export interface ResettableMemory {
  readonly name: string;
  /** Its size is a global of `globals`: the memory may be larger than the guest knows. */
  readonly hasLogicalSize: boolean;
}

export interface ResettableModule {
  readonly sections: CoreSections;
  readonly state: ResettableState;
}

type Contents = Map<number, Uint8Array<ArrayBuffer>>;

const exportKinds = { memory: 2, global: 3 } as const;
/** Pages of 64 KiB in the 32-bit address space. */
const pagesMax = 65_536;
const instructions = { globalGet: 0x23, globalSet: 0x24, call: 0x10 } as const;

/** Under this name a module exports the count of pages of a memory that it exports as `memory`. */
export function pagesName(memory: string): string {
  return `${reservedPrefix}pages:${memory}`;
}

/** A memory whose size is counted in a global, with that global's index. */
interface CountedMemory {
  readonly memory: number;
  readonly pages: number;
  /** Index of the function that answers memory.size; memory.grow is the next one. */
  readonly sizeFunction: number;
}

/**
 * Exports the memories and the mutable globals of a module. memory.size and memory.grow go by a
 * count of pages in a global: pages cannot be given back, but the count can be reset, and pages
 * beyond it are zero again after a reset. With `isSizeShared` modules of the component grow
 * memories that they import: then these counts are imported with the memories.
 *
 * Added functions, types and globals stand behind the module's own; imported globals stand behind
 * the other imported ones, and all that follow are renumbered.
 */
export function makeResettable(
  facts: ModuleFacts,
  { isSizeShared }: { readonly isSizeShared: boolean },
): ResettableModule {
  const contents: Contents = new Map(facts.sections.contents);
  const shift = isSizeShared ? facts.memories.filter(({ imported }) => imported).length : 0;
  const counted = countedMemories(facts, { isSizeShared, shift });
  if (shift > 0) {
    shiftGlobals(contents, { from: facts.importedGlobals, by: shift });
    importCounts(contents, facts);
  }
  if (counted.length > 0) addCounts(contents, facts, counted);
  if (counted.length > 0 || shift > 0) {
    contents.set(sectionIds.code, rewriteCode(facts, counted, shift));
  }
  const state = exportState(contents, facts, { counted, shift, isSizeShared });
  return { sections: { contents, names: facts.sections.names }, state };
}

/**
 * The module without start function and active data segments: its memories are zero after
 * instantiation and get their contents from a snapshot.
 */
export function bareModule({ sections }: ResettableModule): Uint8Array<ArrayBuffer> {
  const contents: Contents = new Map(sections.contents);
  withoutInitialization(contents);
  return writeCoreSections({ contents, names: sections.names });
}

function countedMemories(
  { memories, importedGlobals, globalCount, functionCount }: ModuleFacts,
  { isSizeShared, shift }: { readonly isSizeShared: boolean; readonly shift: number },
): CountedMemory[] {
  const counted: CountedMemory[] = [];
  let nextImported = importedGlobals;
  let nextDefined = globalCount + shift;
  for (const [memory, { imported, isSized, exportNames }] of memories.entries()) {
    const isNeeded =
      imported === undefined ? isSized || (isSizeShared && exportNames.length > 0) : isSizeShared;
    if (!isNeeded) continue;
    const pages = imported === undefined ? nextDefined++ : nextImported++;
    counted.push({ memory, pages, sizeFunction: functionCount + counted.length * 2 });
  }
  return counted;
}

function append(contents: Contents, id: number, items: readonly (readonly number[])[]): void {
  if (items.length > 0) contents.set(id, appendItems(contents.get(id), items));
}

function importCounts(contents: Contents, facts: ModuleFacts): void {
  const items = facts.memories.flatMap(({ imported }) =>
    imported === undefined
      ? []
      : [
          [
            ...nameBytes(imported.module),
            ...nameBytes(pagesName(imported.name)),
            ...[exportKinds.global, 0x7f, 1],
          ],
        ],
  );
  append(contents, sectionIds.import, items);
}

/** Globals for the counts, and for each a function that reads it and one that raises it. */
function addCounts(
  contents: Contents,
  facts: ModuleFacts,
  counted: readonly CountedMemory[],
): void {
  append(contents, sectionIds.type, [
    [0x60, 0, 1, 0x7f],
    [0x60, 1, 0x7f, 1, 0x7f],
  ]);
  const types = [leb128(facts.typeCount), leb128(facts.typeCount + 1)];
  append(
    contents,
    sectionIds.function,
    counted.flatMap(() => types),
  );
  const globals = counted
    .map(({ memory }) => facts.memories[memory])
    .filter((memory) => memory?.imported === undefined)
    .map((memory) => [0x7f, 1, 0x41, ...signedLeb128(memory?.initial ?? 0), 0x0b]);
  append(contents, sectionIds.global, globals);
}

/** Adds exports for all that has to be put back. */
function exportState(
  contents: Contents,
  facts: ModuleFacts,
  given: {
    readonly counted: readonly CountedMemory[];
    readonly shift: number;
    readonly isSizeShared: boolean;
  },
): ResettableState {
  const items: number[][] = [];
  const add = (name: string, kind: number, index: number): string => {
    items.push([...nameBytes(name), kind, ...leb128(index)]);
    return name;
  };
  const addGlobal = (index: number): string =>
    add(`${reservedPrefix}global:${index}`, exportKinds.global, index);
  const globals = facts.mutableGlobals.map(({ index }) => addGlobal(index + given.shift));
  for (const { memory, pages } of given.counted) {
    const { imported, exportNames } = facts.memories[memory] ?? { exportNames: [] };
    if (imported === undefined) globals.push(addGlobal(pages));
    if (!given.isSizeShared) continue;
    for (const name of exportNames) add(pagesName(name), exportKinds.global, pages);
  }
  const memories: ResettableMemory[] = [];
  for (const [index, { imported }] of facts.memories.entries()) {
    if (imported !== undefined) continue;
    const name = add(`${reservedPrefix}memory:${index}`, exportKinds.memory, index);
    memories.push({ name, hasLogicalSize: given.counted.some(({ memory }) => memory === index) });
  }
  append(contents, sectionIds.export, items);
  return { memories, globals };
}

/** Every memory.size and memory.grow becomes a call, every moved global gets its new index. */
function rewriteCode(
  facts: ModuleFacts,
  counted: readonly CountedMemory[],
  shift: number,
): Uint8Array<ArrayBuffer> {
  const section = facts.sections.contents.get(sectionIds.code) ?? new Uint8Array(0);
  const added = counted.flatMap(({ memory, pages }) => [
    sizeBody(leb128(pages)),
    growBody(leb128(memory), leb128(pages)),
  ]);
  const parts: Uint8Array[] = [new Uint8Array(leb128(facts.bodies.length + added.length))];
  // Bodies that stay as they are, which most do, are taken over in long runs.
  let unchanged = facts.bodies[0]?.prefix ?? 0;
  for (const body of facts.bodies) {
    const globals = shift > 0 ? globalEdits(section, body, facts.importedGlobals, shift) : [];
    const edits = [...memoryEdits(body, counted), ...globals];
    if (edits.length === 0) continue;
    edits.sort((left, right) => left.start - right.start);
    const pieces = editedParts(section, edits, body);
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    parts.push(section.subarray(unchanged, body.prefix), new Uint8Array(leb128(length)), ...pieces);
    unchanged = body.end;
  }
  parts.push(section.subarray(unchanged, facts.bodies.at(-1)?.end ?? unchanged));
  for (const body of added) parts.push(new Uint8Array([...leb128(body.length), ...body]));
  return concatenated(parts);
}

function memoryEdits(body: CodeBody, counted: readonly CountedMemory[]): Edit[] {
  return body.memoryInstructions.flatMap(({ kind, memory, start, end }) => {
    const found = counted.find((each) => each.memory === memory);
    if (found === undefined) return [];
    const callee = found.sizeFunction + (kind === "memory.grow" ? 1 : 0);
    return [{ start, end, bytes: [instructions.call, ...leb128(callee)] }];
  });
}

function globalEdits(
  section: Uint8Array<ArrayBuffer>,
  body: CodeBody,
  from: number,
  by: number,
): Edit[] {
  const edits: Edit[] = [];
  const scanner = new CodeScanner(section, {
    readsGlobals: true,
    instruction(kind, immediate, start, end) {
      if ((kind !== "global.get" && kind !== "global.set") || immediate < from) return;
      const opcode = kind === "global.get" ? instructions.globalGet : instructions.globalSet;
      edits.push({ start, end, bytes: [opcode, ...leb128(immediate + by)] });
    },
  });
  scanner.body(body.start, body.end);
  return edits;
}

/** `() -> i32`: the count of pages. */
function sizeBody(pages: readonly number[]): number[] {
  return [0, instructions.globalGet, ...pages, 0x0b];
}

/**
 * `(i32) -> i32`: raises the count; takes real pages only when it passes those already there, which
 * are never more than the memory's maximum.
 */
function growBody(memory: readonly number[], pages: readonly number[]): number[] {
  const failed = [0x41, 0x7f, 0x0f];
  const wanted = [0x20, 1, 0x20, 0, 0x6a];
  const real = [0x3f, ...memory];
  return [
    // One local: the count before.
    ...[1, 1, 0x7f, instructions.globalGet, ...pages, 0x21, 1],
    // More than the address space leaves?
    ...[0x20, 0, 0x41, ...signedLeb128(pagesMax), 0x20, 1, 0x6b, 0x4b, 0x04, 0x40, ...failed, 0x0b],
    // More than there really is?
    ...[...wanted, ...real, 0x4b, 0x04, 0x40],
    ...[...wanted, ...real, 0x6b, 0x40, ...memory, 0x41, 0x7f, 0x46, 0x04, 0x40, ...failed, 0x0b],
    0x0b,
    ...[...wanted, instructions.globalSet, ...pages, 0x20, 1, 0x0b],
  ];
}
