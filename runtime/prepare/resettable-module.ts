import {
  appendItems,
  concatenated,
  leb128,
  nameBytes,
  sectionIds,
  signedLeb128,
  writeCoreSections,
} from "./core-sections.ts";
import type { CodeBody, ModuleFacts } from "./module-facts.ts";

/** Names under which a rewritten module shows the state that has to be put back. */
export interface ResettableState {
  readonly memory: string | undefined;
  /** memory.size is a global of `globals`: the memory may be larger than the guest knows. */
  readonly hasLogicalSize: boolean;
  readonly globals: readonly string[];
}

export interface ResettableModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly state: ResettableState;
}

const memoryName = "whorl:memory";
const globalName = "whorl:global:";
const exportKinds = { memory: 2, global: 3 } as const;
/** Pages of 64 KiB in the 32-bit address space. */
const pagesMax = 65_536;

/**
 * Exports the memory and the mutable globals of a module. With `logicalMemory` memory.size and
 * memory.grow go by a count of pages in a further global: pages cannot be given back, but the count
 * can be reset, and pages beyond it are zero again after a reset.
 *
 * Added functions, types and globals stand behind the module's own: no index changes.
 */
export function makeResettable(
  facts: ModuleFacts,
  { logicalMemory }: { readonly logicalMemory: boolean },
): ResettableModule {
  const contents = new Map(facts.sections.contents);
  const globals = facts.mutableGlobals.map(({ index }) => index);
  const hasLogicalSize = logicalMemory && facts.memory !== undefined && facts.usesMemorySize;
  if (hasLogicalSize && facts.memory !== undefined) {
    globals.push(facts.globalCount);
    addLogicalMemory(contents, facts, facts.memory);
  }
  const names = globals.map((index) => `${globalName}${index}`);
  const items = globals.map((index, position) => [
    ...nameBytes(names[position] ?? ""),
    exportKinds.global,
    ...leb128(index),
  ]);
  const hasMemory = facts.memory !== undefined;
  if (hasMemory) items.push([...nameBytes(memoryName), exportKinds.memory, 0]);
  if (items.length > 0) {
    contents.set(sectionIds.export, appendItems(contents.get(sectionIds.export), items));
  }
  return {
    bytes: writeCoreSections({ contents, custom: facts.sections.custom }),
    state: { memory: hasMemory ? memoryName : undefined, hasLogicalSize, globals: names },
  };
}

/** Whether the module has exports of its own under the names that a rewrite adds. */
export function hasReservedNames(facts: ModuleFacts): boolean {
  return [...facts.exportNames].some((name) => name.startsWith("whorl:"));
}

function addLogicalMemory(
  contents: Map<number, Uint8Array<ArrayBuffer>>,
  facts: ModuleFacts,
  memory: NonNullable<ModuleFacts["memory"]>,
): void {
  const pages = leb128(facts.globalCount);
  const append = (id: number, items: readonly (readonly number[])[]): void => {
    contents.set(id, appendItems(contents.get(id), items));
  };
  append(sectionIds.type, [
    [0x60, 0, 1, 0x7f],
    [0x60, 1, 0x7f, 1, 0x7f],
  ]);
  append(sectionIds.function, [leb128(facts.typeCount), leb128(facts.typeCount + 1)]);
  append(sectionIds.global, [[0x7f, 1, 0x41, ...signedLeb128(memory.initial), 0x0b]]);
  contents.set(sectionIds.code, rewriteBodies(facts));
  append(sectionIds.code, [
    withLength(sizeBody(pages)),
    withLength(growBody(pages, Math.min(memory.maximum ?? pagesMax, pagesMax))),
  ]);
}

/** Every memory.size and memory.grow becomes a call of the functions that are added. */
function rewriteBodies(facts: ModuleFacts): Uint8Array<ArrayBuffer> {
  const section = facts.sections.contents.get(sectionIds.code) ?? new Uint8Array(0);
  const calls = {
    "memory.size": [0x10, ...leb128(facts.functionCount)],
    "memory.grow": [0x10, ...leb128(facts.functionCount + 1)],
  };
  const parts: Uint8Array[] = [new Uint8Array(leb128(facts.bodies.length))];
  for (const body of facts.bodies) parts.push(...rewriteBody(section, body, calls));
  return concatenated(parts);
}

function rewriteBody(
  section: Uint8Array<ArrayBuffer>,
  body: CodeBody,
  calls: Readonly<Record<"memory.size" | "memory.grow", readonly number[]>>,
): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = body.start;
  for (const { kind, start, end } of body.memoryInstructions) {
    parts.push(section.subarray(from, start), new Uint8Array(calls[kind]));
    from = end;
  }
  parts.push(section.subarray(from, body.end));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [new Uint8Array(leb128(length)), ...parts];
}

function withLength(body: readonly number[]): number[] {
  return [...leb128(body.length), ...body];
}

/** `() -> i32`: the count of pages. */
function sizeBody(pages: readonly number[]): number[] {
  return [0, 0x23, ...pages, 0x0b];
}

/** `(i32) -> i32`: raises the count; takes real pages only when it passes those already there. */
function growBody(pages: readonly number[], maximum: number): number[] {
  const failed = [0x41, 0x7f, 0x0f];
  const wanted = [0x20, 1, 0x20, 0, 0x6a];
  return [
    // One local: the count before.
    ...[1, 1, 0x7f, 0x23, ...pages, 0x21, 1],
    // More than the maximum leaves?
    ...[0x20, 0, 0x41, ...signedLeb128(maximum), 0x20, 1, 0x6b, 0x4b, 0x04, 0x40, ...failed, 0x0b],
    // More than there really is?
    ...[...wanted, 0x3f, 0, 0x4b, 0x04, 0x40],
    ...[...wanted, 0x3f, 0, 0x6b, 0x40, 0, 0x41, 0x7f, 0x46, 0x04, 0x40, ...failed, 0x0b],
    0x0b,
    ...[...wanted, 0x24, ...pages, 0x20, 1, 0x0b],
  ];
}
