/**
 * Interfaces through which a component uses what it was configured with, by the key of its
 * configuration. One that is composed into another component gets what that one's manifest
 * says; the others answer that it may not. Of every version.
 */
export const configuredInterfaces: Readonly<Record<string, readonly string[]>> = {
  ai_models: ["fermyon:spin/llm"],
  allowed_outbound_hosts: [
    "fermyon:spin/http",
    "fermyon:spin/mqtt",
    "fermyon:spin/mysql",
    "fermyon:spin/postgres",
    "fermyon:spin/redis",
    "spin:mqtt/mqtt",
    "spin:mysql/mysql",
    "spin:postgres/postgres",
    "spin:redis/redis",
    "wasi:http/client",
    "wasi:http/outgoing-handler",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    // Version 0.3 makes its sockets here.
    "wasi:sockets/types",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
  ],
  environment: ["wasi:cli/environment"],
  files: ["wasi:filesystem/preopens"],
  key_value_stores: ["fermyon:spin/key-value", "spin:key-value/key-value", "wasi:keyvalue/store"],
  sqlite_databases: ["fermyon:spin/sqlite", "spin:sqlite/sqlite"],
  variables: [
    "fermyon:spin/config",
    "fermyon:spin/variables",
    "spin:variables/variables",
    "wasi:config/store",
  ],
};

/** Names without versions of the interfaces that a component with this inheritance is denied. */
export function deniedInterfaces(inherit: "all" | readonly string[]): ReadonlySet<string> {
  if (inherit === "all") return new Set();
  const denied = Object.entries(configuredInterfaces).filter(([key]) => !inherit.includes(key));
  return new Set(denied.flatMap(([, names]) => names));
}
