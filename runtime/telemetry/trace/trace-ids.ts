import { randomFillSync } from "node:crypto";

/**
 * How many last digits of a trace id decide whether it is sampled, in all processes alike: they are
 * random (W3C Trace Context, level 2), and 52 bits are exact in a number.
 */
export const lotDigits = 13;

/** How many lots there are. */
export const lots = 16 ** lotDigits;

/** Makes identifiers of traces and spans. */
export interface TraceIds {
  /** For a trace that begins: its id is only made where it is sampled, or where somebody asks. */
  lot(): number;
  /** 32 hexadecimal digits, not all zero; the last ones are the lot's where one was drawn. */
  traceId(lot: number | undefined): string;
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

  lot(): number {
    return Math.floor(Math.random() * lots);
  }

  traceId(lot: number | undefined): string {
    if (lot === undefined) return this.#take(32);
    return this.#take(32 - lotDigits) + lot.toString(16).padStart(lotDigits, "0");
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
