/** Contents of a memory right after instantiation, and how another memory becomes equal to it. */
export interface MemoryImage {
  /** Bytes of the memory. */
  readonly size: number;
  /**
   * Makes a memory of at least this size equal to the image; what is behind it becomes zero.
   * Returns false when that failed: the memory must not be used any more.
   */
  restore(memory: WebAssembly.Memory): boolean;
  /**
   * Gives the pages of a memory that was restored back to the system: it is equal to the image
   * afterwards too. Returns false where that is not possible, and nothing has changed.
   */
  rest(memory: WebAssembly.Memory): boolean;
  /**
   * Lets go of a memory, and gives its pages back to the system: it is zero afterwards, as a new one
   * of its size. Returns false where that is not possible: the memory must not be used any more.
   */
  empty(memory: WebAssembly.Memory): boolean;
}

/** Bytes of a memory that are not zero. */
export interface MemorySpan {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const blockBytes = 4096;

/** An image that is copied as a whole: works everywhere, costs time by the size of the memory. */
export class CopiedImage implements MemoryImage {
  readonly size: number;
  /** Everything outside of these, up to the end of the memory, is zero. */
  readonly spans: readonly MemorySpan[];

  constructor({ size, spans }: { readonly size: number; readonly spans: readonly MemorySpan[] }) {
    this.size = size;
    this.spans = spans;
  }

  static of(memory: WebAssembly.Memory): CopiedImage {
    const bytes = new Uint8Array(memory.buffer);
    return new CopiedImage({ size: bytes.length, spans: spansOf(bytes) });
  }

  restore(memory: WebAssembly.Memory): boolean {
    const bytes = new Uint8Array(memory.buffer);
    let position = 0;
    for (const span of this.spans) {
      bytes.fill(0, position, span.offset);
      bytes.set(span.bytes, span.offset);
      position = span.offset + span.bytes.length;
    }
    // Pages that were grown into are zeroed with the rest: nobody has seen them before.
    bytes.fill(0, position);
    return true;
  }

  rest(_memory: WebAssembly.Memory): boolean {
    return false;
  }

  /** Zeroing would keep the pages, and cost more than a new memory does. */
  empty(_memory: WebAssembly.Memory): boolean {
    return false;
  }
}

function spansOf(bytes: Uint8Array<ArrayBuffer>): MemorySpan[] {
  const spans: MemorySpan[] = [];
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
  return spans;
}

function isZero(block: Uint8Array): boolean {
  const words = new Int32Array(block.buffer, block.byteOffset, block.byteLength / 4);
  for (let index = 0; index < words.length; index++) if (words[index] !== 0) return false;
  return true;
}
