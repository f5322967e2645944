import { limits } from "../../limits.ts";
import type { SocketsContext } from "../context.ts";
import { failed } from "./error-code.ts";
import type { SocketResult } from "./error-code.ts";

/** Per instance: a private field of an object that the embedder makes. */
const socketsOf = new WeakMap<SocketsContext, Set<object>>();

/** Whether the instance has used up `limits.openSocketsMax`: then it gets new-socket-limit. */
export function hasSocketRoom(owner: SocketsContext): boolean {
  return (socketsOf.get(owner)?.size ?? 0) < limits.openSocketsMax;
}

/** Makes a socket that counts until {@link releaseSocket}; new-socket-limit when out of room. */
export function openSocket<T extends object>(
  owner: SocketsContext,
  make: () => T,
): SocketResult<T> {
  return hasSocketRoom(owner)
    ? { tag: "ok", val: retainSocket(owner, make()) }
    : failed("new-socket-limit");
}

/** Counts a socket that exists already, and gives it back. */
export function retainSocket<T extends object>(owner: SocketsContext, socket: T): T {
  let sockets = socketsOf.get(owner);
  if (sockets === undefined) {
    sockets = new Set();
    socketsOf.set(owner, sockets);
  }
  sockets.add(socket);
  return socket;
}

/** The guest has dropped the socket. */
export function releaseSocket(owner: SocketsContext, socket: object): void {
  socketsOf.get(owner)?.delete(socket);
}
