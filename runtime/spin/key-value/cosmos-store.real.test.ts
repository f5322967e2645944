import { afterAll, beforeAll, expect, test } from "vitest";
import { type CosmosServer, startCosmos } from "../../../test/servers/cosmos.ts";
import { CosmosKeyValueStore } from "./cosmos-store.ts";
import { storeSuite } from "./store-suite.ts";

let server: CosmosServer;
const stores: CosmosKeyValueStore[] = [];

beforeAll(async () => {
  server = await startCosmos();
});

afterAll(async () => {
  await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
  await server[Symbol.asyncDispose]();
});

function storeOf(container: string): CosmosKeyValueStore {
  const { endpoint, key } = server;
  const store = new CosmosKeyValueStore({ account: "a", database: "db", container, endpoint, key });
  stores.push(store);
  return store;
}

function newStore(): CosmosKeyValueStore {
  const container = `container-${stores.length}`;
  server.containers.set(`db/${container}`, new Map());
  return storeOf(container);
}

storeSuite(newStore);

test("documents are as Spin writes them", async () => {
  const store = newStore();
  const container = `container-${stores.length - 1}`;
  await store.set("k", Uint8Array.of(0, 255));
  expect(server.containers.get(`db/${container}`)?.get("k")).toMatchObject({
    id: "k",
    value: [0, 255],
  });
});

test.each(["a/b", "a\\b", "a?b", "a#b", ""])(
  "the key %j cannot be stored and is not there",
  async (key) => {
    const store = newStore();
    await expect(store.set(key, Uint8Array.of(1))).rejects.toThrow(
      "Key contains an illegal character. Keys must not include any of: /\\?#",
    );
    expect([await store.get(key), await store.exists(key)]).toEqual([undefined, false]);
    await store.delete(key);
  },
);

test("a number is no value, containers do not see each other, one that is missing is an error", async () => {
  const [one, two] = [newStore(), newStore()];
  await one.increment("n", 1n);
  await expect(one.get("n")).rejects.toThrow('the value of "n" is a number');
  expect(await two.exists("n")).toBe(false);
  await expect(storeOf("nothing").set("k", Uint8Array.of(1))).rejects.toThrow("NotFound");
});
