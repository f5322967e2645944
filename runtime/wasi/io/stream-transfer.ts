import type { StreamReader, StreamSource } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import { StreamFailure } from "./streams.ts";
import type { InputStream, OutputStream } from "./streams.ts";

/** How a transfer ended: undefined at the end of the content, else what went wrong. */
export type TransferEnd = (failure: unknown) => void;

/**
 * An input-stream as what a guest reads as `stream<u8>` (WASI 0.3). `onEnd` is called once: at the
 * end, at a failure, or when the guest reads no further.
 */
export function inputStreamSource(
  input: InputStream,
  onEnd: TransferEnd,
): StreamSource<Uint8Array> {
  return new InputStreamSource(input, onEnd);
}

/**
 * Writes what a guest gives as `stream<u8>` to an output-stream, at its pace. Settles at the end of
 * the stream; rejects with StreamFailure when the peer takes no more, having told the guest.
 */
export async function writeStream(
  reader: StreamReader<Uint8Array>,
  output: OutputStream,
): Promise<void> {
  using owned = reader;
  for (;;) {
    const room = output.checkWrite();
    if (room === 0) {
      await output.wait();
      continue;
    }
    const chunk = await owned.read(Math.min(room, limits.streamReadBytesMax));
    if (chunk === undefined) return;
    output.write(chunk);
  }
}

class InputStreamSource implements StreamSource<Uint8Array> {
  readonly #input: InputStream;
  #onEnd: TransferEnd | undefined;

  constructor(input: InputStream, onEnd: TransferEnd) {
    this.#input = input;
    this.#onEnd = onEnd;
  }

  pull(max: number): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const chunk = this.#read(max);
    return chunk?.length === 0 ? this.#wait(max) : chunk;
  }

  drop(): void {
    this.#end(undefined);
  }

  async #wait(max: number): Promise<Uint8Array | undefined> {
    for (;;) {
      await this.#input.wait();
      const chunk = this.#read(max);
      if (chunk?.length !== 0) return chunk;
    }
  }

  /** Empty when nothing is there yet, undefined at the end. */
  #read(max: number): Uint8Array | undefined {
    if (this.#onEnd === undefined) return undefined;
    try {
      return this.#input.read(Math.min(max, limits.streamReadBytesMax));
    } catch (error) {
      if (!(error instanceof StreamFailure)) throw error;
      this.#end(error.error.tag === "closed" ? undefined : error.error.val.cause);
      return undefined;
    }
  }

  #end(failure: unknown): void {
    const onEnd = this.#onEnd;
    if (onEnd === undefined) return;
    this.#onEnd = undefined;
    this.#input.dispose();
    onEnd(failure);
  }
}
