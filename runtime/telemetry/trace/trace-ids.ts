import { randomFillSync } from "node:crypto";

/** Makes identifiers of traces and spans. */
export interface TraceIds {
  /** 32 hexadecimal digits, not all zero. */
  traceId(): string;
  /** 16 hexadecimal digits, not all zero. */
  spanId(): string;
}

const poolBytes = 8 * 1024;

/** Random identifiers; asks the system for randomness once per many of them. */
export class RandomTraceIds implements TraceIds {
  readonly #pool = Buffer.alloc(poolBytes);
  #offset = poolBytes;

  traceId(): string {
    return this.#hex(16);
  }

  spanId(): string {
    return this.#hex(8);
  }

  #hex(bytes: number): string {
    if (this.#offset + bytes > poolBytes) {
      randomFillSync(this.#pool);
      this.#offset = 0;
    }
    const at = this.#offset;
    this.#offset += bytes;
    // All zero would mean "no identifier".
    if (this.#pool[at] === 0) this.#pool[at] = 1;
    return this.#pool.toString("hex", at, at + bytes);
  }
}
