import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  dynamoDbObstacle,
  type DynamoDbServer,
  startDynamoDb,
} from "../../../test/servers/dynamodb.ts";
import { DynamoDbKeyValueStore } from "./dynamodb-store.ts";
import { storeSuite } from "./store-suite.ts";

const obstacle = dynamoDbObstacle();

describe.skipIf(obstacle !== undefined)(`DynamoDB Local ${obstacle ?? ""}`, () => {
  let server: DynamoDbServer;
  const stores: DynamoDbKeyValueStore[] = [];

  beforeAll(async () => {
    server = await startDynamoDb();
  });

  afterAll(async () => {
    await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
    await server[Symbol.asyncDispose]();
  });

  function storeOf(table: string): DynamoDbKeyValueStore {
    const { endpoint, region } = server;
    const credentials = { ...server.credentials, token: undefined };
    const options = { endpoint, region, credentials, consistentRead: true, table };
    const store = new DynamoDbKeyValueStore(options);
    stores.push(store);
    return store;
  }

  async function newStore(): Promise<DynamoDbKeyValueStore> {
    const table = `table-${stores.length}`;
    await server.createTable(table);
    return storeOf(table);
  }

  storeSuite(newStore);

  test("tables do not see each other; one that is not there is an error", async () => {
    const [one, two] = [await newStore(), await newStore()];
    await one.set("k", Uint8Array.of(1));
    expect(await two.get("k")).toBeUndefined();
    await expect(storeOf("nothing").get("k")).rejects.toThrow("non-existent table");
    await expect(storeOf("nothing").getKeys()).rejects.toThrow("non-existent table");
  });

  test("numbers are decimal text, as Spin writes them", async () => {
    const store = await newStore();
    await store.set("n", Buffer.from("41"));
    expect(await store.increment("n", 1n)).toBe(42n);
    expect(Buffer.from((await store.get("n")) ?? []).toString()).toBe("42");
  });
});
