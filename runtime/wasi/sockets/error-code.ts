import type { Result } from "../../instance/host-interface.ts";
import { err, ok } from "../../instance/host-interface.ts";

/** wasi:sockets/network `error-code`, in the order of the WIT file. */
export type SocketErrorCode =
  | "unknown"
  | "access-denied"
  | "not-supported"
  | "invalid-argument"
  | "out-of-memory"
  | "timeout"
  | "concurrency-conflict"
  | "not-in-progress"
  | "would-block"
  | "invalid-state"
  | "new-socket-limit"
  | "address-not-bindable"
  | "address-in-use"
  | "remote-unreachable"
  | "connection-refused"
  | "connection-reset"
  | "connection-aborted"
  | "datagram-too-large"
  | "name-unresolvable"
  | "temporary-resolver-failure"
  | "permanent-resolver-failure";

export type SocketResult<T> = Result<T, SocketErrorCode>;

/** `ok` of a `result<_, error-code>`. */
export const done: SocketResult<undefined> = ok(undefined);

/** `err` of any result of this package. */
export function failed(code: SocketErrorCode): SocketResult<never> {
  return err(code);
}

/** The operation is still under way; the socket's pollable tells when it is not. */
export const wouldBlock: SocketResult<never> = failed("would-block");

/** What the operating system says, as `code` of Node's errors, in the guest's words. */
const codesByErrno: Readonly<Record<string, SocketErrorCode>> = {
  EACCES: "access-denied",
  EPERM: "access-denied",
  EADDRINUSE: "address-in-use",
  EADDRNOTAVAIL: "address-not-bindable",
  EAFNOSUPPORT: "not-supported",
  ENOPROTOOPT: "not-supported",
  ENOTSUP: "not-supported",
  EOPNOTSUPP: "not-supported",
  EPFNOSUPPORT: "not-supported",
  EPROTONOSUPPORT: "not-supported",
  EPROTOTYPE: "not-supported",
  ESOCKTNOSUPPORT: "not-supported",
  ECONNABORTED: "connection-aborted",
  ECONNREFUSED: "connection-refused",
  ECONNRESET: "connection-reset",
  EDESTADDRREQ: "invalid-state",
  EISCONN: "invalid-state",
  ENOTCONN: "invalid-state",
  EINVAL: "invalid-argument",
  EHOSTDOWN: "remote-unreachable",
  EHOSTUNREACH: "remote-unreachable",
  ENETDOWN: "remote-unreachable",
  ENETUNREACH: "remote-unreachable",
  ENONET: "remote-unreachable",
  EMSGSIZE: "datagram-too-large",
  ENOBUFS: "out-of-memory",
  ENOMEM: "out-of-memory",
  EMFILE: "new-socket-limit",
  ENFILE: "new-socket-limit",
  ETIMEDOUT: "timeout",
};

/** The code of a known network error; undefined for anything else. */
export function networkErrorCode(error: unknown): SocketErrorCode | undefined {
  const errno = errnoOf(error);
  return errno !== undefined && Object.hasOwn(codesByErrno, errno)
    ? codesByErrno[errno]
    : undefined;
}

/** The code of whatever a socket operation threw or emitted. */
export function socketErrorCode(error: unknown): SocketErrorCode {
  return networkErrorCode(error) ?? "unknown";
}

/** `ECONNRESET` of Node's system errors. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
