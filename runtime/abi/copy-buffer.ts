import { trap } from "../error.ts";
import type { ComponentState } from "./component-state.ts";
import type { GuestMemory } from "./guest-memory.ts";

/** Items on their way through a stream or future: bytes, or values in an array. */
export type Chunk = Uint8Array | readonly unknown[];

/** CanonicalABI.md: `Buffer.MAX_LENGTH`. */
const bufferItemsMax = 2 ** 28 - 1;

/** Where one side of a copy reads from or writes to. */
export interface CopyBuffer {
  readonly remaining: number;
  readonly isZeroLength: boolean;
  /** Of the writing side. Bytes are a view that is valid until guest code runs. */
  read(count: number): Chunk;
  /** Of the reading side. */
  write(chunk: Chunk): void;
  /** Guest it belongs to; undefined for the host. */
  readonly instance: ComponentState | undefined;
}

/** How items of one type are moved into and out of one guest memory. */
export interface ItemCodec {
  /** Bytes of one item in memory; 0 where items carry nothing. */
  readonly size: number;
  readonly align: number;
  readonly isBytes: boolean;
  readonly memory: GuestMemory | undefined;
  load(pointer: number, count: number): Chunk;
  store(chunk: Chunk, pointer: number): void;
}

/** A range of guest memory given to a read or write (CanonicalABI.md, `BufferGuestImpl`). */
export class GuestBuffer implements CopyBuffer {
  readonly instance: ComponentState;
  readonly #codec: ItemCodec;
  readonly #length: number;
  #pointer: number;
  /** Items copied. */
  progress = 0;

  /** Traps when the range is not inside the memory, or misaligned. */
  constructor(instance: ComponentState, codec: ItemCodec, pointer: number, length: number) {
    if (length > bufferItemsMax) trap(`a buffer of ${length} items is beyond the limit`);
    if (codec.size > 0 && length > 0)
      codec.memory?.check(pointer, length * codec.size, codec.align);
    this.instance = instance;
    this.#codec = codec;
    this.#pointer = pointer;
    this.#length = length;
  }

  get remaining(): number {
    return this.#length - this.progress;
  }

  get isZeroLength(): boolean {
    return this.#length === 0;
  }

  read(count: number): Chunk {
    const chunk = this.#codec.load(this.#pointer, count);
    this.#advance(count);
    return chunk;
  }

  write(chunk: Chunk): void {
    this.#codec.store(chunk, this.#pointer);
    this.#advance(chunk.length);
  }

  #advance(count: number): void {
    this.#pointer += count * this.#codec.size;
    this.progress += count;
  }
}

/** Room for one read of the host. */
export class HostReadBuffer implements CopyBuffer {
  readonly instance: undefined = undefined;
  readonly isZeroLength = false;
  readonly #length: number;
  readonly #isBytes: boolean;
  chunk: Chunk | undefined;

  constructor(length: number, isBytes: boolean) {
    this.#length = length;
    this.#isBytes = isBytes;
  }

  /** The host takes one portion at a time: more would have to be copied together. */
  get remaining(): number {
    return this.chunk === undefined ? this.#length : 0;
  }

  read(): Chunk {
    return [];
  }

  write(chunk: Chunk): void {
    // Bytes are a view of guest memory, which is not ours to keep.
    this.chunk = this.#isBytes ? (chunk as Uint8Array).slice() : chunk;
  }
}

/** The items at the start of a chunk. */
export function firstOf(chunk: Chunk, count: number): Chunk {
  if (count >= chunk.length) return chunk;
  return chunk instanceof Uint8Array ? chunk.subarray(0, count) : chunk.slice(0, count);
}

/** What is left without the first items; undefined when that is nothing. */
export function restOf(chunk: Chunk, count: number): Chunk | undefined {
  if (count >= chunk.length) return undefined;
  return chunk instanceof Uint8Array ? chunk.subarray(count) : chunk.slice(count);
}
