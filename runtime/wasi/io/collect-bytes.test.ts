import { expect, test } from "vitest";
import { collectBytes } from "./collect-bytes.ts";

/** Pieces of one byte, all in the same memory, and how many of them were taken. */
class OneByteAtATime {
  taken = 0;
  isEnded = false;

  async *pieces(count: number): AsyncGenerator<Uint8Array> {
    const piece = new Uint8Array(1);
    try {
      for (let index = 0; index < count; index++) {
        piece[0] = index;
        this.taken++;
        yield piece;
      }
    } finally {
      this.isEnded = true;
    }
  }
}

test.each([0, 1, 255, 1_000])("%i bytes come as they were, and no piece is kept", async (count) => {
  const body = new OneByteAtATime();
  const bytes = await collectBytes(body.pieces(count), count);
  expect(bytes).toEqual(Buffer.from(Array.from({ length: count }, (_, index) => index)));
});

test("beyond the bound no more is read", async () => {
  const body = new OneByteAtATime();
  expect(await collectBytes(body.pieces(1_000), 3)).toBeUndefined();
  expect([body.taken, body.isEnded]).toEqual([4, true]);
});
