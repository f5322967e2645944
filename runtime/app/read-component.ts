import { readFile, stat } from "node:fs/promises";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";

/**
 * The bytes of a component's file.
 * @throws WhorlError `limit` above `limits.componentBytesMax`, `file` when it cannot be read.
 */
export async function readComponent(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size } = await stat(path);
    if (size > limits.componentBytesMax) {
      throw new WhorlError(
        "limit",
        `${path} has ${size} bytes, more than the limit of ${limits.componentBytesMax}`,
      );
    }
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (error instanceof WhorlError) throw error;
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
  }
}
