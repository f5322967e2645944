import type { BoundSocket } from "node:net";
import type { SocketErrorCode } from "./error-code.ts";
import type { Endpoint } from "./socket-address.ts";
import type { TcpConnection } from "./tcp-connection.ts";
import type { TcpListener } from "./tcp-listener.ts";

/**
 * Life of a tcp-socket (wasi-sockets, TcpSocketOperationalSemantics):
 *
 *     unbound -> bind-in-progress -> bound -> listen-in-progress -> listening
 *        \____________________________/\____> connect-in-progress -> connected
 *
 * A failed connect or listen ends in `closed`; a failed bind stays `unbound`. An accepted socket
 * starts as `connected`.
 */
export type TcpState =
  | { readonly kind: "unbound" }
  | { readonly kind: "bind-in-progress"; readonly bound: BoundSocket; readonly local: Endpoint }
  | { readonly kind: "bound"; readonly bound: BoundSocket; readonly local: Endpoint }
  | { readonly kind: "listen-in-progress"; readonly listener: TcpListener }
  | { readonly kind: "listening"; readonly listener: TcpListener }
  | { readonly kind: "connect-in-progress"; readonly connection: TcpConnection }
  | { readonly kind: "connected"; readonly connection: TcpConnection }
  | { readonly kind: "closed"; readonly code: SocketErrorCode };

export type TcpStateKind = TcpState["kind"];

/** Operations by the states that they need; `option` is every getter and setter but backlog's. */
export type TcpOperation = keyof typeof permitted;

const permitted = {
  "start-bind": ["unbound"],
  "finish-bind": ["bind-in-progress"],
  "start-connect": ["unbound", "bound"],
  "finish-connect": ["connect-in-progress"],
  "start-listen": ["bound"],
  "finish-listen": ["listen-in-progress"],
  accept: ["listening"],
  shutdown: ["connected"],
  "local-address": ["bound", "listen-in-progress", "listening", "connected"],
  "remote-address": ["connected"],
  backlog: ["unbound", "bind-in-progress", "bound", "listen-in-progress", "listening"],
  option: ["unbound", "bind-in-progress", "bound", "listen-in-progress", "listening", "connected"],
} as const satisfies Record<string, readonly TcpStateKind[]>;

/**
 * Why `operation` is refused in a state of this kind; undefined when it is not. `closedBy` is the
 * code of a closed state. Pure.
 */
export function tcpRefusal(
  kind: TcpStateKind,
  operation: TcpOperation,
  closedBy: SocketErrorCode = "invalid-state",
): SocketErrorCode | undefined {
  const kinds: readonly TcpStateKind[] = permitted[operation];
  if (kinds.includes(kind)) return undefined;
  if (operation.startsWith("finish-")) return "not-in-progress";
  if (operation.startsWith("start-") && kind.endsWith("-in-progress"))
    return "concurrency-conflict";
  // Whoever asks a closed socket about itself learns why it is closed.
  return kind === "closed" && asks.has(operation) ? closedBy : "invalid-state";
}

const asks: ReadonlySet<TcpOperation> = new Set([
  "local-address",
  "remote-address",
  "backlog",
  "option",
]);
