import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { BlobName } from "./content-store.ts";
import type { Digest } from "./digest.ts";
import { hashFile } from "./hash-file.ts";

/**
 * Digest and size of a file.
 * @throws WhorlError `file` if it cannot be read, `limit` if it is too large for a blob.
 */
export async function describeFile(path: string): Promise<BlobName> {
  const hash = createHash("sha256");
  let size = 0;
  try {
    size = await hashFile(path, hash, limits.imageBlobBytesMax);
  } catch (error) {
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
  }
  if (size > limits.imageBlobBytesMax) throw tooLarge(path);
  const digest: Digest = `sha256:${hash.digest("hex")}`;
  return { digest, size };
}

function tooLarge(path: string): WhorlError {
  return new WhorlError(
    "limit",
    `${path} has more than ${limits.imageBlobBytesMax} bytes; a blob may have no more`,
  );
}

/**
 * @throws WhorlError `not_wasm` if the file does not begin like a WebAssembly binary, `file` if it
 * cannot be read.
 */
export async function checkIsWasm(path: string): Promise<void> {
  const start = Buffer.alloc(4);
  try {
    await using file = await open(path, "r");
    await file.read(start, 0, start.length, 0);
  } catch (error) {
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}; build it first`, {
      cause: error,
    });
  }
  if (start.toString("latin1") === "\0asm") return;
  throw new WhorlError(
    "not_wasm",
    `${path} is not WebAssembly; name the .wasm file that was built`,
  );
}
