import { limits } from "../../limits.ts";

export type RedisParameter =
  | { readonly tag: "int64"; readonly val: bigint }
  | { readonly tag: "binary"; readonly val: Uint8Array };

export type RedisResult =
  | { readonly tag: "nil"; readonly val: undefined }
  | { readonly tag: "status"; readonly val: string }
  | { readonly tag: "int64"; readonly val: bigint }
  | { readonly tag: "binary"; readonly val: Uint8Array };

/**
 * What a server answered, as {@link RedisConnection} gives it: bulk strings as bytes, everything
 * else that is one value as text.
 */
export type RedisReply = Buffer | string | number | null | Error | readonly RedisReply[];

/** One result as WIT has it takes this much without what it holds. */
const resultBytes = 32;

/** Argument of a command. */
export function redisArgument(parameter: RedisParameter): string | Buffer {
  return parameter.tag === "int64" ? parameter.val.toString() : bufferOf(parameter.val);
}

/** The same bytes as a Buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Results of `execute`: arrays are flattened. Throws the first error inside an array, and when the
 * results exceed `limits.queryResultBytesMax`.
 */
export function redisResults(reply: RedisReply): RedisResult[] {
  const results: RedisResult[] = [];
  const size = append(results, reply);
  checkResultSize(size);
  return results;
}

/** Throws beyond `limits.queryResultBytesMax`. */
export function checkResultSize(bytes: number): void {
  if (bytes <= limits.queryResultBytesMax) return;
  throw new Error(`query result exceeds limit of ${limits.queryResultBytesMax} bytes`);
}

function append(results: RedisResult[], reply: RedisReply): number {
  if (reply instanceof Error) throw reply;
  if (Array.isArray(reply)) {
    let size = 0;
    for (const item of reply as readonly RedisReply[]) size += append(results, item);
    return size;
  }
  const result = resultOf(reply as Exclude<RedisReply, readonly RedisReply[]>);
  results.push(result);
  const { val } = result;
  const held = typeof val === "string" || val instanceof Uint8Array ? val.length : 0;
  return resultBytes + held;
}

function resultOf(reply: Buffer | string | number | null | Error): RedisResult {
  if (reply === null) return { tag: "nil", val: undefined };
  if (Buffer.isBuffer(reply)) return { tag: "binary", val: new Uint8Array(reply) };
  const text = String(reply);
  if (/^[+-]?\d{1,19}$/.test(text)) return { tag: "int64", val: BigInt.asIntN(64, BigInt(text)) };
  return { tag: "status", val: text };
}
