import { limits } from "../limits.ts";
import type { MemoryType } from "../prepare/import-memory.ts";

const pageBytes = 65_536;

/**
 * Linear memories of one core module, used again after their instance has ended: making one
 * reserves gigabytes of address space and costs far more than overwriting a small one with zeros.
 *
 * A memory that comes from here is in the state of a new one: all zeros, of the initial size. One
 * that has grown cannot shrink and is left to the garbage collector.
 */
export class MemoryPool {
  readonly #type: MemoryType;
  readonly #free: WebAssembly.Memory[] = [];

  constructor(type: MemoryType) {
    this.#type = type;
  }

  take(): WebAssembly.Memory {
    return this.#free.pop() ?? this.#create();
  }

  /** The caller must be sure that nothing of the instance will run again. */
  giveBack(memory: WebAssembly.Memory): void {
    const { byteLength } = memory.buffer;
    if (byteLength !== this.#type.initial * pageBytes) return;
    if (byteLength > limits.pooledMemoryBytesMax) return;
    if (this.#free.length >= limits.pooledMemoriesMax) return;
    new Uint8Array(memory.buffer).fill(0);
    this.#free.push(memory);
  }

  #create(): WebAssembly.Memory {
    const { initial, maximum } = this.#type;
    return new WebAssembly.Memory(maximum === undefined ? { initial } : { initial, maximum });
  }
}
