import type { PlanImport } from "../component/plan.ts";
import type { ValueType } from "../component/types.ts";
import { trap } from "../error.ts";
import type { HostFunction } from "./host-interface.ts";
import { parseInterfaceName } from "./interface-name.ts";

/** What a function answers a component that may not use it. */
type Denial =
  /** This error, with a text that says so where it carries one. */
  | { readonly kind: "error"; readonly case: string }
  /** This error, with the first argument. */
  | { readonly kind: "name"; readonly case: string }
  | { readonly kind: "value"; readonly value: () => unknown };

const error = (name: string): Denial => ({ kind: "error", case: name });
const value = (make: () => unknown): Denial => ({ kind: "value", value: make });

const opensWith = (denial: Denial): Readonly<Record<string, Denial>> => ({
  open: denial,
  "[static]store.open": denial,
  "[static]connection.open": denial,
  "[static]connection.open-async": denial,
});

const legacyRedis = ["publish", "get", "set", "incr", "del", "sadd", "smembers", "srem", "execute"];
const same = (names: readonly string[], denial: Denial): Readonly<Record<string, Denial>> =>
  Object.fromEntries(names.map((name) => [name, denial]));

const noEnvironment = {
  "get-environment": value(() => []),
  "get-arguments": value(() => []),
  "initial-cwd": value(() => undefined),
  "get-initial-cwd": value(() => undefined),
};
const connections = opensWith(error("other"));
const stores = opensWith(error("access-denied"));
const legacyDatabase = same(["query", "execute"], error("other-error"));

/**
 * As Spin's adapter for dependencies answers, by interface and function (crates/capabilities,
 * deny-adapter). Every other function of these interfaces needs something that is never had.
 */
const denials: Readonly<Record<string, Readonly<Record<string, Denial>>>> = {
  "fermyon:spin/config": { "get-config": error("other") },
  "fermyon:spin/http": { "send-request": error("destination-not-allowed") },
  "fermyon:spin/key-value": stores,
  "fermyon:spin/llm": same(["infer", "generate-embeddings"], error("model-not-supported")),
  "fermyon:spin/mqtt": connections,
  "fermyon:spin/mysql": { ...connections, ...legacyDatabase },
  "fermyon:spin/postgres": { ...connections, ...legacyDatabase },
  "fermyon:spin/redis": { ...connections, ...same(legacyRedis, error("error")) },
  "fermyon:spin/sqlite": stores,
  "fermyon:spin/variables": { get: { kind: "name", case: "undefined" } },
  "spin:key-value/key-value": stores,
  "spin:mqtt/mqtt": connections,
  "spin:mysql/mysql": connections,
  "spin:postgres/postgres": {
    ...connections,
    "[constructor]connection-builder": value(() => ({})),
    "[method]connection-builder.set-ca-root": value(() => ({ tag: "ok", val: undefined })),
    ...same(
      ["[method]connection-builder.build", "[method]connection-builder.build-async"],
      error("other"),
    ),
  },
  "spin:redis/redis": connections,
  "spin:sqlite/sqlite": stores,
  "spin:variables/variables": { get: { kind: "name", case: "undefined" } },
  "wasi:cli/environment": noEnvironment,
  "wasi:config/store": same(["get", "get-all"], error("io")),
  "wasi:filesystem/preopens": { "get-directories": value(() => []) },
  "wasi:http/client": { send: error("internal-error") },
  "wasi:http/outgoing-handler": { handle: error("internal-error") },
  "wasi:keyvalue/store": stores,
  "wasi:sockets/ip-name-lookup": { "resolve-addresses": error("access-denied") },
  "wasi:sockets/tcp-create-socket": { "create-tcp-socket": error("access-denied") },
  "wasi:sockets/types": same(
    ["[static]tcp-socket.create", "[static]udp-socket.create"],
    error("access-denied"),
  ),
  "wasi:sockets/udp-create-socket": { "create-udp-socket": error("access-denied") },
};

type DeniedImport = PlanImport & { readonly kind: "func" };

/** What stands in for a function that a component imports and may not use. */
export function deniedFunction(item: DeniedImport): HostFunction<unknown> {
  const { name } = parseInterfaceName(item.interfaceName ?? "");
  const functions = Object.hasOwn(denials, name) ? denials[name] : undefined;
  const denial =
    functions !== undefined && Object.hasOwn(functions, item.name)
      ? functions[item.name]
      : undefined;
  const text = `"${name}" is not permitted`;
  if (denial === undefined) return () => trap(`${item.name}: ${text}`);
  if (denial.kind === "value") return () => denial.value();
  const { result } = item.type;
  if (result?.kind !== "result") return () => trap(`${item.name}: ${text}`);
  if (denial.kind === "error") {
    const answer = errorResult(result, denial.case, text);
    return answer === undefined ? () => trap(`${item.name}: ${text}`) : () => answer;
  }
  return (_context, first: unknown) => errorResult(result, denial.case, first);
}

type ResultType = ValueType & { readonly kind: "result" };

/** Undefined where the error has no such case. */
function errorResult({ err }: ResultType, name: string, payload: unknown): object | undefined {
  if (err?.kind === "enum") {
    return err.names.includes(name) ? { tag: "err", val: name } : undefined;
  }
  if (err?.kind !== "variant") return undefined;
  const found = err.cases.find((each) => each.name === name);
  if (found === undefined) return undefined;
  return { tag: "err", val: { tag: name, val: carriesText(found.type) ? payload : undefined } };
}

function carriesText(type: ValueType | undefined): boolean {
  return type?.kind === "string" || (type?.kind === "option" && type.some.kind === "string");
}
