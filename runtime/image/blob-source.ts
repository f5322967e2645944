import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { errorText, WhorlError } from "../error.ts";
import type { Descriptor } from "./manifest.ts";

/** Where the bytes of a blob are. */
export type BlobContent =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** A whole file. */
  | { readonly kind: "file"; readonly path: string };

/** A blob that can be sent. */
export interface BlobSource {
  readonly descriptor: Descriptor;
  readonly content: BlobContent;
}

/** Files up to this size are read at once: cheaper than a stream. */
const wholeBytesMax = 32 * 1024 * 1024;
const pieceBytes = 1024 * 1024;

/** A range of a blob, `end` not included. */
export interface BlobRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Bytes of a part of a blob, as a body of a request.
 * @throws WhorlError `file` if the file cannot be read or has another size.
 */
export async function openRange(
  { descriptor, content }: BlobSource,
  { start, end }: BlobRange,
): Promise<Uint8Array | Readable> {
  if (content.kind === "bytes") return content.bytes.subarray(start, end);
  const { path } = content;
  try {
    const { size } = await stat(path);
    if (size !== descriptor.size) throw changed(path);
    if (end - start > wholeBytesMax) {
      return createReadStream(path, { start, end: end - 1, highWaterMark: pieceBytes });
    }
    await using file = await open(path, "r");
    const bytes = Buffer.allocUnsafe(end - start);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    if (bytesRead < bytes.length) throw changed(path);
    return bytes;
  } catch (error) {
    if (error instanceof WhorlError) throw error;
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
  }
}

function changed(path: string): WhorlError {
  return new WhorlError("file", `${path} has changed while it was sent; try again`);
}
