import { err } from "../../../instance/host-interface.ts";
import type { Result } from "../../../instance/host-interface.ts";
import { StreamFailure } from "../../io/streams.ts";
import { socketErrorCode } from "../error-code.ts";
import type { SocketErrorCode, SocketResult } from "../error-code.ts";

type PlainTag =
  | "access-denied"
  | "not-supported"
  | "invalid-argument"
  | "out-of-memory"
  | "timeout"
  | "invalid-state"
  | "address-not-bindable"
  | "address-in-use"
  | "remote-unreachable"
  | "connection-refused"
  | "connection-broken"
  | "connection-reset"
  | "connection-aborted"
  | "datagram-too-large";

/** wasi:sockets/types@0.3 `error-code`. */
export type SocketErrorCode03 =
  | { readonly tag: PlainTag; readonly val: undefined }
  | { readonly tag: "other"; readonly val: string | undefined };

export type SocketResult03<T> = Result<T, SocketErrorCode03>;

const plainTags: ReadonlySet<string> = new Set<PlainTag>([
  "access-denied",
  "not-supported",
  "invalid-argument",
  "out-of-memory",
  "timeout",
  "invalid-state",
  "address-not-bindable",
  "address-in-use",
  "remote-unreachable",
  "connection-refused",
  "connection-reset",
  "connection-aborted",
  "datagram-too-large",
]);

/** Codes of 0.2 that speak of its two-step operations. */
const stateCodes: ReadonlySet<SocketErrorCode> = new Set([
  "concurrency-conflict",
  "not-in-progress",
]);

/** The code of 0.3 for one of 0.2. */
function errorCode03(code: SocketErrorCode): SocketErrorCode03 {
  if (stateCodes.has(code)) return { tag: "invalid-state", val: undefined };
  if (plainTags.has(code)) return { tag: code as PlainTag, val: undefined };
  return { tag: "other", val: code === "unknown" ? undefined : code };
}

/** A result of 0.2 with its error in 0.3's words. */
export function result03<T>(result: SocketResult<T>): SocketResult03<T> {
  return result.tag === "ok" ? result : failed03(result.val);
}

export function failed03(code: SocketErrorCode): SocketResult03<never> {
  return err(errorCode03(code));
}

/** What ended a connection's stream, for the future beside it. */
export function streamError03(error: unknown): SocketErrorCode03 {
  if (!(error instanceof StreamFailure)) return errorCode03(socketErrorCode(error));
  if (error.error.tag === "closed") return { tag: "connection-broken", val: undefined };
  return errorCode03(socketErrorCode(error.error.val.cause));
}
