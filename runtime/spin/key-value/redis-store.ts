import type { Redis } from "ioredis";
import { limits } from "../../limits.ts";
import {
  AnswerSize,
  boundedValue,
  type CompareAndSwap,
  type KeyValuePair,
  type KeyValueStore,
} from "./key-value-store.ts";

const scanCount = 1000;

/**
 * Compares and writes in one step on the server. ARGV: what is to be there ("any", "none" or
 * "value"), the new value, the value that is to be there.
 */
const swapScript = `local now = redis.call('GET', KEYS[1])
if ARGV[1] == 'none' and now then return 0 end
if ARGV[1] == 'value' and now ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`;

/** A store in a Redis database: its keys are the keys, as in Spin. */
export class RedisKeyValueStore implements KeyValueStore {
  readonly summary: string;
  readonly #url: string;
  #client: Promise<Redis> | undefined;
  /** Why the connection broke, or could not be made, the last time. */
  #lost: string | undefined;

  constructor(url: string) {
    const { host } = new URL(url);
    this.summary = `Redis at ${host}`;
    this.#url = url;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const value = await this.#ask((client) => client.getBuffer(key));
    return boundedValue(value ?? undefined);
  }

  async set(key: string, value: Uint8Array): Promise<void> {
    await this.#ask((client) => client.set(key, asBuffer(value)));
  }

  async delete(key: string): Promise<void> {
    await this.#ask((client) => client.del(key));
  }

  async exists(key: string): Promise<boolean> {
    return Number(await this.#ask((client) => client.exists(key))) > 0;
  }

  async getKeys(): Promise<string[]> {
    const size = new AnswerSize();
    const keys: string[] = [];
    for await (const key of this.iterateKeys()) {
      size.add(key, undefined);
      keys.push(key);
    }
    return keys;
  }

  /** By SCAN, which does not stop the server as KEYS does; it may name a key twice. */
  async *iterateKeys(): AsyncGenerator<string> {
    const seen = new Set<string>();
    const size = new AnswerSize();
    let cursor = "0";
    do {
      const from = cursor;
      const [next, keys] = await this.#ask((client) => client.scan(from, "COUNT", scanCount));
      cursor = next;
      for (const key of keys) {
        if (seen.has(key)) continue;
        seen.add(key);
        size.add(key, undefined);
        yield key;
      }
    } while (cursor !== "0");
  }

  async getMany(keys: readonly string[]): Promise<KeyValuePair[]> {
    const values = await this.#ask((client) => client.mgetBuffer([...keys]));
    const size = new AnswerSize();
    return keys.map((key, index) => {
      const value = values[index] ?? undefined;
      size.add(key, value);
      return [key, value];
    });
  }

  async setMany(pairs: readonly (readonly [string, Uint8Array])[]): Promise<void> {
    const values = new Map(pairs.map(([key, value]) => [key, asBuffer(value)]));
    await this.#ask((client) => client.mset(values));
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    await this.#ask((client) => client.del([...keys]));
  }

  async increment(key: string, delta: bigint): Promise<bigint> {
    return BigInt(await this.#ask((client) => client.incrby(key, delta.toString())));
  }

  compareAndSwap(key: string): CompareAndSwap {
    let seen: Uint8Array | undefined | "anything" = "anything";
    return {
      current: async () => {
        const value = await this.get(key);
        seen = value;
        return value;
      },
      swap: async (value) => {
        const kind = seen === "anything" ? "any" : seen === undefined ? "none" : "value";
        const old = seen instanceof Uint8Array ? asBuffer(seen) : "";
        const done = await this.#ask((client) =>
          client.eval(swapScript, 1, key, kind, asBuffer(value), old),
        );
        return Number(done) === 1;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    client?.disconnect();
  }

  async #ask<T>(question: (client: Redis) => Promise<T>): Promise<T> {
    const client = await (this.#client ??= this.#connect());
    try {
      return await question(client);
    } catch (error) {
      // That the client has given up says less than why it has.
      const isLost = error instanceof Error && error.name === "MaxRetriesPerRequestError";
      if (!isLost || this.#lost === undefined) throw error;
      throw new Error(`connection lost: ${this.#lost}`, { cause: error });
    }
  }

  /** One connection for all guests: commands are pipelined. It comes back by itself. */
  async #connect(): Promise<Redis> {
    const { Redis: Client } = await import("ioredis");
    const client = new Client(this.#url, {
      stringNumbers: true,
      // What was under way when the connection broke fails: sent again, it might be done twice.
      maxRetriesPerRequest: 0,
      connectTimeout: limits.storeRequestMsMax,
      commandTimeout: limits.storeRequestMsMax,
    });
    client.on("error", (error: Error) => {
      this.#lost = "code" in error ? String(error.code) : error.message;
    });
    return client;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
