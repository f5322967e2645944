import type { Container, CosmosClient } from "@azure/cosmos";
import type { TokenCredential } from "@azure/identity";
import { limits } from "../../limits.ts";
import {
  AnswerSize,
  boundedValue,
  type CompareAndSwap,
  type KeyValuePair,
  type KeyValueStore,
} from "./key-value-store.ts";

export interface CosmosOptions {
  readonly account: string;
  readonly database: string;
  /** Its partition key has to be `/id`. */
  readonly container: string;
  /** Undefined for what the surroundings offer: environment, workload or managed identity. */
  readonly key: string | undefined;
  /** Another address than Azure's own. */
  readonly endpoint?: string;
}

/** A value is a list of numbers (bytes), or one number if only increment() wrote it. */
interface StoredItem {
  readonly id: string;
  readonly value: readonly number[] | number;
  readonly _etag?: string;
}

interface Connected {
  readonly client: CosmosClient;
  readonly container: Container;
}

const notFound = 404;
const conflict = 409;
const preconditionFailed = 412;
/** Items read at once. */
const readsMax = 16;

/**
 * A store in an Azure Cosmos DB container, with Spin's documents: `id` is the key and the
 * partition, `value` the bytes as numbers. The client is loaded with the first use.
 */
export class CosmosKeyValueStore implements KeyValueStore {
  readonly summary: string;
  readonly #options: CosmosOptions;
  #connected: Promise<Connected> | undefined;

  constructor(options: CosmosOptions) {
    this.#options = options;
    this.summary = `Azure CosmosDB database: ${options.database}, collection: ${options.container}`;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return boundedValue(bytesOf(key, await this.#read(key)));
  }

  async set(key: string, value: Uint8Array): Promise<void> {
    const { container } = await this.#connect();
    await container.items.upsert(document(key, value));
  }

  async delete(key: string): Promise<void> {
    const { container } = await this.#connect();
    if (!isStorable(key)) return;
    try {
      await container.item(key, key).delete();
    } catch (error) {
      if (statusOf(error) !== notFound) throw error;
    }
  }

  async exists(key: string): Promise<boolean> {
    return (await this.#read(key)) !== undefined;
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

  async *iterateKeys(): AsyncGenerator<string> {
    const { container } = await this.#connect();
    const query = container.items.query<{ id: string }>("SELECT c.id FROM c");
    for await (const { resources } of query.getAsyncIterator()) {
      for (const { id } of resources) yield id;
    }
  }

  async getMany(keys: readonly string[]): Promise<KeyValuePair[]> {
    const size = new AnswerSize();
    const pairs: KeyValuePair[] = [];
    for (let start = 0; start < keys.length; start += readsMax) {
      const part = keys.slice(start, start + readsMax);
      const values = await Promise.all(part.map((key) => this.get(key)));
      for (const [index, key] of part.entries()) {
        size.add(key, values[index]);
        pairs.push([key, values[index]]);
      }
    }
    return pairs;
  }

  async setMany(pairs: readonly (readonly [string, Uint8Array])[]): Promise<void> {
    for (const [key, value] of pairs) await this.set(key, value);
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.delete(key);
  }

  /** Works on keys that only this function writes, as in Spin. */
  async increment(key: string, delta: bigint): Promise<bigint> {
    const step = Number(delta);
    if (!Number.isSafeInteger(step)) throw new Error(`cannot add ${delta} to "${key}": too large`);
    const { container } = await this.#connect();
    for (let tries = 1; ; tries++) {
      try {
        const { resource } = await container
          .item(key, key)
          .patch<StoredItem>([{ op: "incr", path: "/value", value: step }]);
        return BigInt(Number(resource?.value));
      } catch (error) {
        if (statusOf(error) !== notFound) throw error;
      }
      try {
        await container.items.create({ id: storableKey(key), value: step });
        return delta;
      } catch (error) {
        // Another one made it at this moment.
        if (statusOf(error) !== conflict || tries >= limits.incrementTriesMax) throw error;
      }
    }
  }

  compareAndSwap(key: string): CompareAndSwap {
    let isRead = false;
    let etag: string | undefined;
    return {
      current: async () => {
        const item = await this.#read(key);
        isRead = true;
        etag = item?._etag;
        return bytesOf(key, item);
      },
      swap: async (value) => {
        if (isRead) return this.#replace(key, value, etag);
        await this.set(key, value);
        return true;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connected = await this.#connected?.catch(() => undefined);
    connected?.client.dispose();
  }

  async #replace(key: string, value: Uint8Array, etag: string | undefined): Promise<boolean> {
    const { container } = await this.#connect();
    try {
      if (etag === undefined) {
        await container.items.create(document(key, value));
      } else {
        const accessCondition = { type: "IfMatch", condition: etag };
        await container.item(key, key).replace(document(key, value), { accessCondition });
      }
      return true;
    } catch (error) {
      const status = statusOf(error);
      if (status === conflict || status === preconditionFailed || status === notFound) return false;
      throw error;
    }
  }

  async #read(key: string): Promise<StoredItem | undefined> {
    // What cannot have been stored is not there.
    if (!isStorable(key)) return undefined;
    const { container } = await this.#connect();
    const { resource, statusCode } = await container.item(key, key).read<StoredItem>();
    return statusCode === notFound ? undefined : resource;
  }

  #connect(): Promise<Connected> {
    return (this.#connected ??= connect(this.#options));
  }
}

async function connect(options: CosmosOptions): Promise<Connected> {
  const { CosmosClient: Client } = await import("@azure/cosmos");
  const endpoint = options.endpoint ?? `https://${options.account}.documents.azure.com:443/`;
  const connectionPolicy = {
    requestTimeout: limits.storeRequestMsMax,
    enableEndpointDiscovery: options.endpoint === undefined,
  };
  const client =
    options.key === undefined
      ? new Client({ endpoint, connectionPolicy, aadCredentials: await surroundingCredential() })
      : new Client({ endpoint, connectionPolicy, key: options.key });
  return { client, container: client.database(options.database).container(options.container) };
}

async function surroundingCredential(): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import("@azure/identity");
  return new DefaultAzureCredential();
}

function document(key: string, value: Uint8Array): StoredItem {
  return { id: storableKey(key), value: Array.from(value) };
}

function isStorable(key: string): boolean {
  return key !== "" && !/[/\\?#]/.test(key);
}

function storableKey(key: string): string {
  if (isStorable(key)) return key;
  throw new Error("Key contains an illegal character. Keys must not include any of: /\\?#");
}

function bytesOf(key: string, item: StoredItem | undefined): Uint8Array | undefined {
  if (item === undefined) return undefined;
  if (!Array.isArray(item.value)) throw new Error(`the value of "${key}" is a number`);
  return Uint8Array.from(item.value as readonly number[]);
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "code" in error ? Number(error.code) : undefined;
}
