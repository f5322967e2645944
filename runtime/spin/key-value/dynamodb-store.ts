import type * as Sdk from "@aws-sdk/client-dynamodb";
import type {
  AttributeValue,
  BatchGetItemCommandOutput,
  BatchWriteItemCommandOutput,
  DynamoDBClient,
  KeysAndAttributes,
  WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { errorText } from "../../error.ts";
import { limits } from "../../limits.ts";
import {
  AnswerSize,
  boundedValue,
  type CompareAndSwap,
  type KeyValuePair,
  type KeyValueStore,
} from "./key-value-store.ts";

export interface DynamoDbOptions {
  readonly region: string;
  readonly table: string;
  readonly consistentRead: boolean;
  /** Undefined for what the surroundings offer: environment, profile, role. */
  readonly credentials:
    | { readonly accessKey: string; readonly secretKey: string; readonly token: string | undefined }
    | undefined;
  /** Another address than AWS's own. */
  readonly endpoint?: string;
}

interface Connected {
  readonly sdk: typeof Sdk;
  readonly client: DynamoDBClient;
}

/** Bounds of DynamoDB for one batch. */
const batchGetKeys = 100;
const batchWriteItems = 25;

/**
 * A store in a DynamoDB table, with Spin's attributes: `PK` (string, the partition key), `VAL`
 * (bytes) and `VER` (a number that swaps count up). The client is loaded with the first use.
 */
export class DynamoDbKeyValueStore implements KeyValueStore {
  readonly summary: string;
  readonly #options: DynamoDbOptions;
  #connected: Promise<Connected> | undefined;

  constructor(options: DynamoDbOptions) {
    this.#options = options;
    this.summary = `AWS DynamoDB region: ${options.region}, table: ${options.table}`;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const item = await this.#getItem(key, "VAL", this.#options.consistentRead);
    return boundedValue(item?.["VAL"]?.B);
  }

  async set(key: string, value: Uint8Array): Promise<void> {
    const { sdk, client } = await this.#connect();
    const Item = { PK: { S: key }, VAL: { B: value } };
    await client.send(new sdk.PutItemCommand({ TableName: this.#options.table, Item }));
  }

  async delete(key: string): Promise<void> {
    const { sdk, client } = await this.#connect();
    const Key = { PK: { S: key } };
    await client.send(new sdk.DeleteItemCommand({ TableName: this.#options.table, Key }));
  }

  async exists(key: string): Promise<boolean> {
    return (await this.#getItem(key, "PK", this.#options.consistentRead)) !== undefined;
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
    const { sdk, client } = await this.#connect();
    let start: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(
        new sdk.ScanCommand({
          TableName: this.#options.table,
          ProjectionExpression: "PK",
          ConsistentRead: this.#options.consistentRead,
          ...(start && { ExclusiveStartKey: start }),
        }),
      );
      for (const item of page.Items ?? []) if (item["PK"]?.S !== undefined) yield item["PK"].S;
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }

  async getMany(keys: readonly string[]): Promise<KeyValuePair[]> {
    const { sdk, client } = await this.#connect();
    const { table, consistentRead } = this.#options;
    const values = new Map<string, Uint8Array | undefined>();
    const size = new AnswerSize();
    for (const part of chunks([...new Set(keys)], batchGetKeys)) {
      let asked: Record<string, KeysAndAttributes> | undefined = {
        [table]: {
          Keys: part.map((key) => ({ PK: { S: key } })),
          ProjectionExpression: "PK,VAL",
          ConsistentRead: consistentRead,
        },
      };
      while (asked !== undefined && Object.keys(asked).length > 0) {
        const answer: BatchGetItemCommandOutput = await client.send(
          new sdk.BatchGetItemCommand({ RequestItems: asked }),
        );
        for (const item of answer.Responses?.[table] ?? []) {
          const key = item["PK"]?.S ?? "";
          size.add(key, item["VAL"]?.B);
          values.set(key, item["VAL"]?.B);
        }
        asked = answer.UnprocessedKeys;
      }
    }
    return keys.map((key) => [key, values.get(key)]);
  }

  async setMany(pairs: readonly (readonly [string, Uint8Array])[]): Promise<void> {
    // A batch must not have a key twice; the last one counts.
    const items = [...new Map(pairs)].map(([key, value]) => ({
      PutRequest: { Item: { PK: { S: key }, VAL: { B: value } } },
    }));
    await this.#write(items);
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    await this.#write(
      [...new Set(keys)].map((key) => ({ DeleteRequest: { Key: { PK: { S: key } } } })),
    );
  }

  /** Numbers are decimal text, as Spin keeps them. Tried again when another write was faster. */
  async increment(key: string, delta: bigint): Promise<bigint> {
    for (let tries = 1; ; tries++) {
      const old = (await this.#getItem(key, "VAL", true))?.["VAL"]?.B;
      const sum = numberOf(key, old) + delta;
      if (BigInt.asIntN(64, sum) !== sum) throw new Error(`"${key}" would leave the range of s64`);
      const condition = old === undefined ? valueIsMissing : valueIs(old);
      const update = { UpdateExpression: "SET #VAL = :new", values: { ":new": textBytes(sum) } };
      if (await this.#update(key, update, condition)) return sum;
      if (tries >= limits.incrementTriesMax) {
        throw new Error(`"${key}" is changed by others all the time; ${tries} tries failed`);
      }
    }
  }

  compareAndSwap(key: string): CompareAndSwap {
    let condition: Condition = anything;
    return {
      current: async () => {
        const item = await this.#getItem(key, "VAL,VER", true);
        const value = item?.["VAL"]?.B;
        const version = item?.["VER"]?.N;
        if (value === undefined) condition = valueIsMissing;
        else condition = version === undefined ? valueIs(value) : versionIs(version);
        return value;
      },
      swap: (value) =>
        this.#update(
          key,
          {
            UpdateExpression: "SET #VAL = :new ADD #VER :one",
            values: { ":new": { B: value }, ":one": { N: "1" } },
          },
          condition,
        ),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connected = await this.#connected?.catch(() => undefined);
    connected?.client.destroy();
  }

  /** False if the condition does not hold (any more). */
  async #update(key: string, update: Update, condition: Condition): Promise<boolean> {
    const { sdk, client } = await this.#connect();
    try {
      await client.send(
        new sdk.UpdateItemCommand({
          TableName: this.#options.table,
          Key: { PK: { S: key } },
          UpdateExpression: update.UpdateExpression,
          ExpressionAttributeNames: {
            ...(update.UpdateExpression.includes("#VER") && { "#VER": "VER" }),
            ...condition.names,
            "#VAL": "VAL",
          },
          ExpressionAttributeValues: { ...update.values, ...condition.values },
          ...(condition.expression !== "" && { ConditionExpression: condition.expression }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof sdk.ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async #write(items: readonly WriteRequest[]): Promise<void> {
    const { sdk, client } = await this.#connect();
    for (const part of chunks(items, batchWriteItems)) {
      let left: Record<string, WriteRequest[]> | undefined = { [this.#options.table]: part };
      while (left !== undefined && Object.keys(left).length > 0) {
        const answer: BatchWriteItemCommandOutput = await client.send(
          new sdk.BatchWriteItemCommand({ RequestItems: left }),
        );
        left = answer.UnprocessedItems;
      }
    }
  }

  async #getItem(
    key: string,
    projection: string,
    isConsistent: boolean,
  ): Promise<Record<string, AttributeValue> | undefined> {
    const { sdk, client } = await this.#connect();
    const { Item } = await client.send(
      new sdk.GetItemCommand({
        TableName: this.#options.table,
        Key: { PK: { S: key } },
        ProjectionExpression: projection,
        ConsistentRead: isConsistent,
      }),
    );
    return Item;
  }

  #connect(): Promise<Connected> {
    return (this.#connected ??= connect(this.#options));
  }
}

interface Update {
  readonly UpdateExpression: string;
  readonly values: Record<string, AttributeValue>;
}

interface Condition {
  readonly expression: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, AttributeValue>>;
}

const anything: Condition = { expression: "", names: {}, values: {} };

const valueIsMissing: Condition = {
  expression: "attribute_not_exists(#VAL)",
  names: {},
  values: {},
};

function valueIs(value: Uint8Array): Condition {
  return { expression: "#VAL = :old", names: {}, values: { ":old": { B: value } } };
}

function versionIs(version: string): Condition {
  return {
    expression: "#VER = :version",
    names: { "#VER": "VER" },
    values: { ":version": { N: version } },
  };
}

async function connect(options: DynamoDbOptions): Promise<Connected> {
  const sdk = await import("@aws-sdk/client-dynamodb");
  const { credentials, endpoint, region } = options;
  const client = new sdk.DynamoDBClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && {
      credentials: {
        accessKeyId: credentials.accessKey,
        secretAccessKey: credentials.secretKey,
        ...(credentials.token !== undefined && { sessionToken: credentials.token }),
      },
    }),
    requestHandler: {
      connectionTimeout: limits.storeRequestMsMax,
      requestTimeout: limits.storeRequestMsMax,
    },
  });
  return { sdk, client };
}

function numberOf(key: string, value: Uint8Array | undefined): bigint {
  if (value === undefined) return 0n;
  const text = Buffer.from(value).toString("latin1");
  if (!/^[+-]?\d{1,20}$/.test(text)) throw new Error(`the value of "${key}" is not a number`);
  try {
    return BigInt(text.replace("+", ""));
  } catch (error) {
    throw new Error(errorText(error), { cause: error });
  }
}

function textBytes(number: bigint): AttributeValue {
  return { B: Buffer.from(number.toString()) };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
