import { randomFillSync } from "node:crypto";

/** Makes identifiers of traces and spans. */
export interface TraceIds {
  /** 32 hexadecimal digits, not all zero. */
  traceId(): string;
  /** 16 hexadecimal digits, not all zero. */
  spanId(): string;
}

/** Small: an identifier that is kept keeps the text of its pool. */
const poolDigits = 2 * 1024;

/** Random identifiers; asks the system for randomness once per many of them. */
export class RandomTraceIds implements TraceIds {
  readonly #bytes = Buffer.alloc(poolDigits / 2);
  #pool = "";
  #offset = poolDigits;

  traceId(): string {
    return this.#take(32);
  }

  spanId(): string {
    return this.#take(16);
  }

  #take(digits: number): string {
    if (this.#offset + digits > poolDigits) {
      this.#pool = randomFillSync(this.#bytes).toString("hex");
      this.#offset = 0;
    }
    const id = this.#pool.slice(this.#offset, this.#offset + digits);
    this.#offset += digits;
    // All zero would mean "no identifier".
    return id.startsWith("00") ? `01${id.slice(2)}` : id;
  }
}
