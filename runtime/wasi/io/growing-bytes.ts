/**
 * Bytes that arrive in pieces, in one buffer: a list of pieces would take a hundred times their size
 * where somebody sends them one by one. Who adds keeps to a bound.
 */
export class GrowingBytes {
  #buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A copy of the piece is kept. */
  add(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#buffer.length) this.#grow(length);
    this.#buffer.set(piece, this.#length);
    this.#length = length;
  }

  /** All of them; what is added later does not change it. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(length: number): void {
    const larger = Buffer.alloc(Math.max(length, 2 * this.#buffer.length));
    larger.set(this.bytes());
    this.#buffer = larger;
  }
}
