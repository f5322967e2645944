import type { KeptHandle } from "../abi/handle-table.ts";
import { limits } from "../limits.ts";
import type { ResettableState } from "../prepare/resettable-module.ts";
import type { SavedCore } from "../prepare/saved-snapshot.ts";
import { CopiedImage, type MemoryImage } from "./memory-image.ts";

interface GlobalVariable {
  value: unknown;
}

const pageBytes = 65_536;

type CoreExports = Record<string, unknown>;

/** The state of one core instance right after instantiation. */
export interface CoreSnapshot {
  readonly state: ResettableState;
  /** By index of `state.memories`. */
  readonly memories: readonly MemoryImage[];
  /** By index of `state.globals`. */
  readonly globals: readonly unknown[];
}

/** The state of a whole instance right after instantiation, by core instance. */
export interface InstanceSnapshot {
  readonly cores: readonly CoreSnapshot[];
  /** By component instance, after calls: what HandleTable.kept says. */
  readonly handles?: readonly (readonly KeptHandle[])[] | undefined;
}

export function takeSnapshot(exports: CoreExports, state: ResettableState): CoreSnapshot {
  return {
    state,
    memories: state.memories.map(({ name }) => CopiedImage.of(exports[name] as WebAssembly.Memory)),
    globals: state.globals.map((name) => (exports[name] as GlobalVariable).value),
  };
}

/**
 * Puts a core instance back. Returns false when that cannot be done or when its memory has grown so
 * large that a new instance is cheaper.
 */
export function restoreSnapshot(exports: CoreExports, snapshot: CoreSnapshot): boolean {
  const { state, memories, globals } = snapshot;
  for (let index = 0; index < memories.length; index++) {
    const image = memories[index];
    const memory = state.memories[index];
    if (image === undefined || memory === undefined) return false;
    const target = exports[memory.name] as WebAssembly.Memory;
    let size = target.buffer.byteLength;
    if (size < image.size && memory.hasLogicalSize) {
      if (!grow(target, image.size - size)) return false;
      size = image.size;
    }
    if (size > limits.resetMemoryBytesMax) return false;
    // Memory cannot shrink: the next guest would see the size.
    if (size !== image.size && !memory.hasLogicalSize) return false;
    if (size < image.size || !image.restore(target)) return false;
  }
  for (let index = 0; index < globals.length; index++) {
    const name = state.globals[index];
    if (name !== undefined) (exports[name] as GlobalVariable).value = globals[index];
  }
  return true;
}

/** A snapshot after calls may be of a memory that has grown. */
function grow(memory: WebAssembly.Memory, bytes: number): boolean {
  try {
    memory.grow(bytes / pageBytes);
    return true;
  } catch {
    return false;
  }
}

/** The snapshot as values that outlive the process; undefined where there are references in it. */
export function savedCore({ memories, globals }: CoreSnapshot): SavedCore | undefined {
  const images = memories.filter((image) => image instanceof CopiedImage);
  const values = globals.filter(isPlain);
  if (images.length !== memories.length || values.length !== globals.length) return undefined;
  return { memories: images.map(({ size, spans }) => ({ size, spans })), globals: values };
}

export function loadedCore({ memories, globals }: SavedCore, state: ResettableState): CoreSnapshot {
  return { state, memories: memories.map((each) => new CopiedImage(each)), globals };
}

function isPlain(value: unknown): value is number | bigint | null {
  return typeof value === "number" || typeof value === "bigint" || value === null;
}
