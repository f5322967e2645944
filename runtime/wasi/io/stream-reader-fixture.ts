import type { StreamReader, StreamSource } from "../../instance/host-interface.ts";

/** What a guest would give as `stream<u8>`: these chunks, then the end. */
export class ChunkReader implements StreamReader<Uint8Array> {
  readonly #chunks: Uint8Array[];
  isDropped = false;

  constructor(...texts: readonly string[]) {
    this.#chunks = texts.map((each) => Buffer.from(each));
  }

  read(max = Number.MAX_SAFE_INTEGER): Promise<Uint8Array | undefined> {
    const chunk = this.#chunks.shift();
    if (chunk === undefined || this.isDropped) return Promise.resolve(undefined);
    if (chunk.length > max) this.#chunks.unshift(chunk.subarray(max));
    return Promise.resolve(chunk.subarray(0, max));
  }

  cancelRead(): void {}

  drop(): void {
    this.isDropped = true;
  }

  [Symbol.dispose](): void {
    this.drop();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined> {
    for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) yield chunk;
    return undefined;
  }
}

/** Everything that a host's source gives, at most `max` items at a time. */
export async function pullAll<T>(source: StreamSource<T>, max: number): Promise<T[]> {
  const items: T[] = [];
  for (;;) {
    const chunk = await source.pull(max);
    if (chunk === undefined) {
      source.drop?.();
      return items;
    }
    items.push(...(chunk as readonly T[]));
  }
}
