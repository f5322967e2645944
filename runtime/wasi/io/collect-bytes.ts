import { GrowingBytes } from "./growing-bytes.ts";

/** Everything that a body has, in one piece; undefined as soon as that is more than `bytesMax`. */
export async function collectBytes(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<Buffer | undefined> {
  const bytes = new GrowingBytes();
  for await (const chunk of body) {
    if (bytes.length + chunk.length > bytesMax) return undefined;
    bytes.add(chunk);
  }
  return bytes.bytes();
}
