import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redisObstacle, type RedisServer, startRedis } from "../../../test/servers/redis.ts";
import { RedisKeyValueStore } from "./redis-store.ts";
import { storeSuite } from "./store-suite.ts";

const obstacle = redisObstacle();

describe.skipIf(obstacle !== undefined)(`Redis ${obstacle ?? ""}`, () => {
  let server: RedisServer;
  const stores: RedisKeyValueStore[] = [];

  beforeAll(async () => {
    server = await startRedis({ password: "p@ss" });
  });

  afterAll(async () => {
    await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
    await server[Symbol.asyncDispose]();
  });

  /** A database of its own for each. */
  function newStore(url = `${server.url}/${stores.length % 16}`): RedisKeyValueStore {
    const store = new RedisKeyValueStore(url);
    stores.push(store);
    return store;
  }

  storeSuite(() => newStore());

  test("databases do not see each other", async () => {
    const [one, two] = [newStore(), newStore()];
    await one.set("k", Uint8Array.of(1));
    expect(await two.get("k")).toBeUndefined();
    expect(one.summary).toMatch(/^Redis at 127\.0\.0\.1:\d+$/);
  });

  test("a wrong password and a missing server are errors of the call", async () => {
    const wrong = newStore(server.url.replace("p%40ss", "wrong"));
    await expect(wrong.get("k")).rejects.toThrow("WRONGPASS");
    await expect(newStore("redis://127.0.0.1:1").get("k")).rejects.toThrow(
      "connection lost: ECONNREFUSED",
    );
  });

  test("a server that comes back is used again", async () => {
    const store = newStore();
    await store.set("k", Uint8Array.of(1));
    await server.kill();
    await expect(store.get("k")).rejects.toThrow(/connection lost|max retries/);
    await server.restart();
    await expect
      .poll(async () => [...((await store.get("k").catch(() => undefined)) ?? [])], {
        timeout: 20_000,
      })
      .toEqual([1]);
  });
});
