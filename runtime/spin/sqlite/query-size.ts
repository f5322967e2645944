import { limits } from "../../limits.ts";
import type { SqliteValue } from "./sqlite-database.ts";

/** Counts what one query's result holds in memory. */
export class QuerySize {
  #bytes = 0;

  /** @throws Error when the result is more than the host may buffer. */
  add(value: SqliteValue): void {
    this.#bytes += 32;
    if (value.tag === "text") this.#bytes += Buffer.byteLength(value.val);
    else if (value.tag === "blob") this.#bytes += value.val.byteLength;
    if (this.#bytes > limits.bufferedBodyBytesMax) {
      throw new Error(`query result exceeds limit of ${limits.bufferedBodyBytesMax} bytes`);
    }
  }
}
