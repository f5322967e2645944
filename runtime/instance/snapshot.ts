import { limits } from "../limits.ts";
import type { ResettableState } from "../prepare/resettable-module.ts";

const blockBytes = 4096;

/** Bytes of a memory that are not zero. */
interface Span {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface MemoryImage {
  /** Bytes of the memory. */
  readonly size: number;
  /** Everything outside of these, up to the end of the memory, is zero. */
  readonly spans: readonly Span[];
}

interface GlobalVariable {
  value: unknown;
}

type CoreExports = Record<string, unknown>;

/** The state of one core instance right after instantiation. */
export interface CoreSnapshot {
  readonly state: ResettableState;
  readonly memory: MemoryImage | undefined;
  /** By index of `state.globals`. */
  readonly globals: readonly unknown[];
}

export function takeSnapshot(exports: CoreExports, state: ResettableState): CoreSnapshot {
  return {
    state,
    memory: state.memory === undefined ? undefined : imageOf(memoryBytes(exports, state.memory)),
    globals: state.globals.map((name) => (exports[name] as GlobalVariable).value),
  };
}

/**
 * Puts a core instance back. Returns false when that cannot be done or when its memory has grown so
 * large that a new instance is cheaper.
 */
export function restoreSnapshot(exports: CoreExports, snapshot: CoreSnapshot): boolean {
  const { state, memory, globals } = snapshot;
  if (memory !== undefined && state.memory !== undefined) {
    const bytes = memoryBytes(exports, state.memory);
    if (bytes.length > limits.resetMemoryBytesMax) return false;
    // Memory cannot shrink: the next guest would see the size.
    if (bytes.length !== memory.size && !state.hasLogicalSize) return false;
    restoreMemory(bytes, memory);
  }
  for (let index = 0; index < globals.length; index++) {
    const name = state.globals[index];
    if (name !== undefined) (exports[name] as GlobalVariable).value = globals[index];
  }
  return true;
}

function memoryBytes(exports: CoreExports, name: string): Uint8Array {
  return new Uint8Array((exports[name] as WebAssembly.Memory).buffer);
}

/** Pages that were grown into are zeroed with the rest: nobody has seen them before. */
function restoreMemory(bytes: Uint8Array, { spans }: MemoryImage): void {
  let position = 0;
  for (const span of spans) {
    bytes.fill(0, position, span.offset);
    bytes.set(span.bytes, span.offset);
    position = span.offset + span.bytes.length;
  }
  bytes.fill(0, position);
}

function imageOf(bytes: Uint8Array): MemoryImage {
  const spans: Span[] = [];
  let start: number | undefined;
  for (let offset = 0; offset < bytes.length; offset += blockBytes) {
    if (isZero(bytes.subarray(offset, offset + blockBytes))) {
      if (start !== undefined) spans.push({ offset: start, bytes: bytes.slice(start, offset) });
      start = undefined;
    } else {
      start ??= offset;
    }
  }
  if (start !== undefined) spans.push({ offset: start, bytes: bytes.slice(start) });
  return { size: bytes.length, spans };
}

function isZero(block: Uint8Array): boolean {
  const words = new BigUint64Array(block.buffer, block.byteOffset, block.byteLength / 8);
  return words.every((word) => word === 0n);
}
