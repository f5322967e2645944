import type { Invocation } from "./telemetry.ts";

/** Which request an instance works for: changes where instances answer several of them. */
export interface InvocationHolder {
  current: Invocation;
}

/** Interfaces whose calls become spans, and how Spin names them. */
const prefixes: Readonly<Record<string, string>> = {
  "fermyon:spin/key-value": "spin_key_value",
  "spin:key-value/key-value": "spin_key_value",
  "wasi:keyvalue/store": "wasi_key_value",
  "wasi:keyvalue/batch": "wasi_key_value",
  "wasi:keyvalue/atomics": "wasi_key_value_cas",
  "fermyon:spin/sqlite": "spin_sqlite",
  "spin:sqlite/sqlite": "spin_sqlite",
  "fermyon:spin/redis": "spin_outbound_redis",
  "spin:redis/redis": "spin_outbound_redis",
  "fermyon:spin/postgres": "spin_outbound_pg",
  "spin:postgres/postgres": "spin_outbound_pg",
  "fermyon:spin/mysql": "spin_outbound_mysql",
  "spin:mysql/mysql": "spin_outbound_mysql",
  "fermyon:spin/mqtt": "spin_outbound_mqtt",
  "spin:mqtt/mqtt": "spin_outbound_mqtt",
  "fermyon:spin/llm": "spin_llm",
  "spin:llm/llm": "spin_llm",
  "fermyon:spin/variables": "spin_variables",
  "spin:variables/variables": "spin_variables",
  "fermyon:spin/config": "spin_config",
  "wasi:config/store": "wasi_config",
};

/** `open` has a longer name where it connects to a server. */
const connecting: ReadonlySet<string> = new Set(["spin_outbound_redis", "spin_outbound_mqtt"]);

/**
 * Spin's name of a call's span: `spin_key_value.get` for `[method]store.get` of
 * `fermyon:spin/key-value`. Undefined for calls that have none: other interfaces, and what only
 * gives back a resource.
 */
export function hostCallSpanName(interfaceName: string, functionName: string): string | undefined {
  const prefix = prefixes[interfaceName];
  if (prefix === undefined || functionName.startsWith("[resource-drop]")) return undefined;
  const name = functionName
    .replace(/^\[(?:method|static|constructor|async|async method)\]/, "")
    .replace(/^[^.]*\./, "")
    .replaceAll("-", "_");
  if (prefix === "spin_config") return `${prefix}.get`;
  if (name === "open" && connecting.has(prefix)) return `${prefix}.open_connection`;
  return `${prefix}.${name}`;
}

// oxlint-disable-next-line typescript/no-explicit-any -- as the instance room has it: arguments are typed by each implementation.
type HostFunction<C> = (context: C, ...values: any[]) => unknown;

/**
 * The functions of an interface, each call a span of the request for which it is made. For
 * processes that export traces only: the others link the functions as they are.
 */
export function withHostCallSpans<C>(
  interfaceName: string,
  functions: Readonly<Record<string, HostFunction<C>>>,
  holderOf: (context: C) => InvocationHolder | undefined,
): Readonly<Record<string, HostFunction<C>>> {
  const entries = Object.entries(functions).map(([name, call]): [string, HostFunction<C>] => {
    const span = hostCallSpanName(interfaceName, name);
    if (span === undefined) return [name, call];
    const traced: HostFunction<C> = (context, ...values: unknown[]) => {
      const ending = holderOf(context)?.current.hostCall(span);
      if (ending === undefined) return call(context, ...values);
      return timed(ending.end, () => call(context, ...values));
    };
    return [name, traced];
  });
  return Object.fromEntries(entries);
}

function timed(end: (error?: string) => void, call: () => unknown): unknown {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    end("trap");
    throw error;
  }
  if (!(result instanceof Promise)) {
    end(errorOf(result));
    return result;
  }
  return result.then(
    (value: unknown) => {
      end(errorOf(value));
      return value;
    },
    (error: unknown) => {
      end("trap");
      throw error;
    },
  );
}

/** The case of a `result`'s error, if it is one. */
function errorOf(result: unknown): string | undefined {
  if (typeof result !== "object" || result === null || !("tag" in result)) return undefined;
  if (result.tag !== "err") return undefined;
  const value = "val" in result ? result.val : undefined;
  if (typeof value === "string") return /^[a-z-]{1,40}$/.test(value) ? value : "error";
  const tag = typeof value === "object" && value !== null && "tag" in value ? value.tag : undefined;
  return typeof tag === "string" ? tag : "error";
}
