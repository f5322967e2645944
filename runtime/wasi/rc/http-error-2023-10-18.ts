import { errorCodeText } from "../http/error-code.ts";
import type { ErrorCode } from "../http/error-code.ts";

/** wasi:http/types 0.2.0-rc-2023-10-18 `error`. */
export interface HttpError {
  readonly tag: "invalid-url" | "timeout-error" | "protocol-error" | "unexpected-error";
  readonly val: string;
}

const tags: ReadonlyMap<ErrorCode["tag"], HttpError["tag"]> = new Map<
  ErrorCode["tag"],
  HttpError["tag"]
>([
  ["HTTP-request-URI-invalid", "invalid-url"],
  ["HTTP-request-URI-too-long", "invalid-url"],
  ["DNS-timeout", "timeout-error"],
  ["connection-timeout", "timeout-error"],
  ["connection-read-timeout", "timeout-error"],
  ["connection-write-timeout", "timeout-error"],
  ["HTTP-response-timeout", "timeout-error"],
  ["HTTP-protocol-error", "protocol-error"],
]);

/** The candidate's four kinds of error; the text names the exact one. */
export function httpErrorOf(code: ErrorCode): HttpError {
  return { tag: tags.get(code.tag) ?? "unexpected-error", val: errorCodeText(code) };
}

/** The other direction, for a guest that sets an error as its response. */
export function errorCodeOfHttpError(error: HttpError): ErrorCode {
  return { tag: "internal-error", val: `${error.tag}: ${error.val}` };
}
