import { describe, expect, test } from "vitest";
import { configuredInterfaces } from "../component/denied-interfaces.ts";
import type { ValueType } from "../component/types.ts";
import { deniedFunction } from "./denied-function.ts";

const text = { kind: "string" } as const;
const list: ValueType = { kind: "list", element: text, length: undefined };

function enumOf(...names: readonly string[]): ValueType {
  return { kind: "enum", names };
}

function variant(cases: Readonly<Record<string, ValueType | undefined>>): ValueType {
  return {
    kind: "variant",
    cases: Object.entries(cases).map(([name, type]) => ({ name, type })),
  };
}

function call(interfaceName: string, name: string, result: ValueType | undefined): unknown {
  const type = { params: [], result, async: false };
  return deniedFunction({ kind: "func", interfaceName, name, denied: true, type })(
    undefined,
    "key",
  );
}

const connection = variant({ "invalid-address": undefined, other: text });
const store = variant({ "no-such-store": undefined, "access-denied": undefined, other: text });
const http = variant({
  "HTTP-request-denied": undefined,
  "internal-error": { kind: "option", some: text },
});
const variables = variant({ undefined: text, other: text });

describe("deniedFunction answers as Spin's adapter does", () => {
  test.each<[interfaceName: string, name: string, err: ValueType, expected: unknown]>([
    [
      "fermyon:spin/config",
      "get-config",
      variables,
      { tag: "other", val: '"fermyon:spin/config" is not permitted' },
    ],
    [
      "fermyon:spin/http",
      "send-request",
      enumOf("destination-not-allowed"),
      "destination-not-allowed",
    ],
    ["fermyon:spin/key-value", "open", store, { tag: "access-denied", val: undefined }],
    [
      "fermyon:spin/key-value@2.0.0",
      "[static]store.open",
      store,
      { tag: "access-denied", val: undefined },
    ],
    [
      "fermyon:spin/llm@2.0.0",
      "infer",
      variant({ "model-not-supported": undefined }),
      { tag: "model-not-supported", val: undefined },
    ],
    [
      "fermyon:spin/mqtt@2.0.0",
      "[static]connection.open",
      connection,
      { tag: "other", val: '"fermyon:spin/mqtt" is not permitted' },
    ],
    [
      "fermyon:spin/mysql",
      "query",
      variant({ "other-error": text }),
      { tag: "other-error", val: '"fermyon:spin/mysql" is not permitted' },
    ],
    [
      "fermyon:spin/postgres@2.0.0",
      "[static]connection.open",
      connection,
      { tag: "other", val: '"fermyon:spin/postgres" is not permitted' },
    ],
    ["fermyon:spin/redis", "incr", enumOf("success", "error"), "error"],
    ["fermyon:spin/sqlite", "open", store, { tag: "access-denied", val: undefined }],
    ["fermyon:spin/variables@2.0.0", "get", variables, { tag: "undefined", val: "key" }],
    [
      "spin:postgres/postgres@4.2.0",
      "[method]connection-builder.build",
      connection,
      { tag: "other", val: '"spin:postgres/postgres" is not permitted' },
    ],
    [
      "spin:sqlite/sqlite@3.1.0",
      "[static]connection.open-async",
      store,
      { tag: "access-denied", val: undefined },
    ],
    ["spin:variables/variables@3.0.0", "get", variables, { tag: "undefined", val: "key" }],
    [
      "wasi:config/store@0.2.0-draft-2024-09-27",
      "get-all",
      variant({ io: text }),
      { tag: "io", val: '"wasi:config/store" is not permitted' },
    ],
    [
      "wasi:http/client@0.3.0",
      "send",
      http,
      { tag: "internal-error", val: '"wasi:http/client" is not permitted' },
    ],
    [
      "wasi:http/outgoing-handler@0.2.6",
      "handle",
      http,
      { tag: "internal-error", val: '"wasi:http/outgoing-handler" is not permitted' },
    ],
    ["wasi:keyvalue/store@0.2.0-draft2", "open", store, { tag: "access-denied", val: undefined }],
    [
      "wasi:sockets/ip-name-lookup@0.2.6",
      "resolve-addresses",
      enumOf("access-denied"),
      "access-denied",
    ],
    [
      "wasi:sockets/ip-name-lookup@0.3.0",
      "resolve-addresses",
      variant({ "access-denied": undefined }),
      { tag: "access-denied", val: undefined },
    ],
    [
      "wasi:sockets/types@0.3.0",
      "[static]tcp-socket.create",
      variant({ "access-denied": undefined }),
      { tag: "access-denied", val: undefined },
    ],
  ])("%s#%s", (interfaceName, name, err, expected) => {
    const result: ValueType = { kind: "result", ok: text, err };
    expect(call(interfaceName, name, result)).toEqual({ tag: "err", val: expected });
  });

  test.each<[interfaceName: string, name: string, result: ValueType, expected: unknown]>([
    ["wasi:cli/environment@0.2.6", "get-environment", list, []],
    ["wasi:cli/environment@0.2.6", "get-arguments", list, []],
    ["wasi:cli/environment@0.2.6", "initial-cwd", { kind: "option", some: text }, undefined],
    ["wasi:cli/environment@0.3.0", "get-initial-cwd", { kind: "option", some: text }, undefined],
    ["wasi:filesystem/preopens@0.3.0", "get-directories", list, []],
  ])("%s#%s", (interfaceName, name, result, expected) => {
    expect(call(interfaceName, name, result)).toEqual(expected);
  });

  test.each([
    ["fermyon:spin/key-value@2.0.0", "[method]store.get"],
    ["wasi:sockets/tcp@0.2.0", "[method]tcp-socket.start-bind"],
    ["spin:redis/redis@3.0.0", "constructor"],
    ["wasi:clocks/wall-clock@0.2.0", "now"],
  ])("%s#%s with a trap", (interfaceName, name) => {
    expect(() => call(interfaceName, name, undefined)).toThrow(/is not permitted/);
  });

  test("with a trap where the error has no such case", () => {
    const result: ValueType = { kind: "result", ok: text, err: enumOf("x") };
    expect(() => call("fermyon:spin/redis", "incr", result)).toThrow(/is not permitted/);
  });
});

test("each interface that is denied has an answer, or nothing that could be called first", () => {
  const opened = ["wasi:sockets/tcp", "wasi:sockets/udp"];
  const names = Object.values(configuredInterfaces).flat();
  const first = [
    "open",
    "get",
    "get-config",
    "handle",
    "send",
    "send-request",
    "infer",
    "query",
    "publish",
  ];
  const others = [
    "[static]connection.open",
    "[static]store.open",
    "get-environment",
    "get-directories",
    "resolve-addresses",
    "create-tcp-socket",
    "create-udp-socket",
    "[static]tcp-socket.create",
  ];
  const err = variant({
    ...{ other: text, "other-error": text, "access-denied": undefined, io: text, undefined: text },
    ...{ "internal-error": text, error: undefined, "model-not-supported": undefined },
    "destination-not-allowed": undefined,
  });
  const silent = names.filter((interfaceName) =>
    [...first, ...others].every((name) => {
      try {
        call(interfaceName, name, { kind: "result", ok: undefined, err });
        return false;
      } catch {
        return true;
      }
    }),
  );
  expect(silent).toEqual(opened);
});
