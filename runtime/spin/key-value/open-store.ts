import { CosmosKeyValueStore, type CosmosOptions } from "./cosmos-store.ts";
import { DynamoDbKeyValueStore, type DynamoDbOptions } from "./dynamodb-store.ts";
import type { KeyValueStore } from "./key-value-store.ts";
import { RedisKeyValueStore } from "./redis-store.ts";
import { SqliteKeyValueStore } from "./sqlite-store.ts";

/** `[key_value_store.<label>]` of a runtime config. */
export type KeyValueStoreConfig =
  /** A SQLite file; in memory without a path. */
  | { readonly type: "spin"; readonly path: string | undefined }
  | { readonly type: "redis"; readonly url: string }
  | ({ readonly type: "azure_cosmos" } & CosmosOptions)
  | ({ readonly type: "aws_dynamo" } & DynamoDbOptions);

/** A store of its kind; it connects, and loads its client, with the first use. */
export function openKeyValueStore(label: string, config: KeyValueStoreConfig): KeyValueStore {
  switch (config.type) {
    case "spin":
      return new SqliteKeyValueStore(label, config.path);
    case "redis":
      return new RedisKeyValueStore(config.url);
    case "azure_cosmos":
      return new CosmosKeyValueStore(config);
    case "aws_dynamo":
      return new DynamoDbKeyValueStore(config);
  }
}
