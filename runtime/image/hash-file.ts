import type { Hash } from "node:crypto";
import { open } from "node:fs/promises";

const pieceBytes = 512 * 1024;

/**
 * Feeds a file's content into a hash, through one buffer however large the file is.
 * @returns its size in bytes, or what was read when it became more than `bytesMax`.
 * @throws what the file system throws.
 */
export async function hashFile(path: string, hash: Hash, bytesMax = Infinity): Promise<number> {
  await using file = await open(path, "r");
  const piece = Buffer.allocUnsafe(pieceBytes);
  for (let size = 0; ;) {
    const { bytesRead } = await file.read(piece, 0, pieceBytes, size);
    if (bytesRead === 0) return size;
    size += bytesRead;
    if (size > bytesMax) return size;
    hash.update(piece.subarray(0, bytesRead));
  }
}
