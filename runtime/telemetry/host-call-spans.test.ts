import { describe, expect, test } from "vitest";
import { hostCallSpanName, withHostCallSpans } from "./host-call-spans.ts";
import { noInvocation } from "./no-telemetry.ts";
import type { Invocation } from "./telemetry.ts";

describe("hostCallSpanName", () => {
  test.each([
    ["fermyon:spin/key-value", "[method]store.get", "spin_key_value.get"],
    ["fermyon:spin/key-value", "[static]store.open", "spin_key_value.open"],
    ["spin:key-value/key-value", "[method]store.get-keys", "spin_key_value.get_keys"],
    ["fermyon:spin/key-value", "get-keys", "spin_key_value.get_keys"],
    ["wasi:keyvalue/store", "open", "wasi_key_value.open"],
    ["wasi:keyvalue/store", "[method]bucket.list-keys", "wasi_key_value.list_keys"],
    ["wasi:keyvalue/atomics", "[method]cas.current", "wasi_key_value_cas.current"],
    ["spin:sqlite/sqlite", "[static]connection.open", "spin_sqlite.open"],
    ["fermyon:spin/redis", "[static]connection.open", "spin_outbound_redis.open_connection"],
    ["spin:redis/redis", "[method]connection.publish", "spin_outbound_redis.publish"],
    ["spin:postgres/postgres", "[method]connection.query", "spin_outbound_pg.query"],
    ["spin:mqtt/mqtt", "[static]connection.open", "spin_outbound_mqtt.open_connection"],
    ["fermyon:spin/llm", "generate-embeddings", "spin_llm.generate_embeddings"],
    ["fermyon:spin/variables", "get", "spin_variables.get"],
    ["fermyon:spin/config", "get-config", "spin_config.get"],
    ["wasi:config/store", "get-all", "wasi_config.get_all"],
    ["wasi:io/streams", "[method]output-stream.write", undefined],
    ["fermyon:spin/key-value", "[resource-drop]store", undefined],
  ])("%s %s is %s", (interfaceName, functionName, expected) => {
    expect(hostCallSpanName(interfaceName, functionName)).toBe(expected);
  });
});

describe("withHostCallSpans", () => {
  const ended: [string, string | undefined][] = [];
  const invocation: Invocation = {
    ...noInvocation,
    hostCall: (name) => ({ end: (error) => void ended.push([name, error]) }),
  };
  const boom = new Error("boom");
  const functions = withHostCallSpans<{ holder: { current: Invocation } | undefined }>(
    "fermyon:spin/key-value",
    {
      get: (_context, key: string) => `value of ${key}`,
      set: () => Promise.resolve({ tag: "err", val: { tag: "access-denied" } }),
      delete: () => {
        throw boom;
      },
      exists: () => Promise.reject(boom),
      open: () => ({ tag: "err", val: "a sentence is no code" }),
    },
    ({ holder }) => holder,
  );

  test("results are what they were; how a call ended is told once", async () => {
    ended.length = 0;
    const context = { holder: { current: invocation } };
    expect(functions["get"]?.(context, "a")).toBe("value of a");
    expect(await functions["set"]?.(context)).toMatchObject({ val: { tag: "access-denied" } });
    expect(() => functions["delete"]?.(context)).toThrow(boom);
    await expect(functions["exists"]?.(context)).rejects.toBe(boom);
    functions["open"]?.(context);
    expect(ended).toEqual([
      ["spin_key_value.get", undefined],
      ["spin_key_value.set", "access-denied"],
      ["spin_key_value.delete", "trap"],
      ["spin_key_value.exists", "trap"],
      ["spin_key_value.open", "error"],
    ]);
  });

  test("outside a request nothing is told", () => {
    ended.length = 0;
    expect(functions["get"]?.({ holder: undefined }, "b")).toBe("value of b");
    expect(ended).toEqual([]);
  });
});
