import { errorText } from "../../error.ts";
import { HttpFailure, plainError } from "./error-code.ts";
import type { ErrorCode, PlainErrorTag } from "./error-code.ts";

/** `code` of the error of a connector that refuses an address of its network policy. */
export const addressProhibitedCode = "ADDRESS_PROHIBITED";

const plainTags: ReadonlyMap<string, PlainErrorTag> = new Map<string, PlainErrorTag>([
  [addressProhibitedCode, "destination-IP-prohibited"],
  ["ECONNREFUSED", "connection-refused"],
  ["ECONNRESET", "connection-terminated"],
  ["EPIPE", "connection-terminated"],
  ["ERR_STREAM_PREMATURE_CLOSE", "connection-terminated"],
  ["ENETUNREACH", "destination-IP-unroutable"],
  ["EHOSTUNREACH", "destination-IP-unroutable"],
  ["ETIMEDOUT", "connection-timeout"],
  ["EPROTO", "TLS-protocol-error"],
  ["UND_ERR_CONNECT_TIMEOUT", "connection-timeout"],
  ["UND_ERR_HEADERS_TIMEOUT", "connection-read-timeout"],
  ["UND_ERR_BODY_TIMEOUT", "connection-read-timeout"],
  ["UND_ERR_SOCKET", "connection-terminated"],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "HTTP-response-incomplete"],
]);

/** Names of OpenSSL's verification results, as node:tls reports them. */
const tlsCode =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA$|INVALID_PURPOSE$|HOSTNAME_MISMATCH$|PATH_LENGTH_EXCEEDED$)/;

const dnsCode = /^(?:ENOTFOUND|ENODATA|EADDRNOTAVAIL|EAI_)/;

/**
 * The `error-code` for what made an outgoing request or one of its bodies fail: errors of node:net,
 * node:tls, node:dns and undici, or an {@link HttpFailure}.
 */
export function errorCodeOf(error: unknown): ErrorCode {
  if (error instanceof HttpFailure) return error.errorCode;
  // The parser's error has a code for some of its reasons only.
  if (error instanceof Error && error.name === "HTTPParserError") {
    return plainError("HTTP-protocol-error");
  }
  const code = codeOf(error);
  if (code !== undefined) {
    const tag = plainTags.get(code);
    if (tag !== undefined) return plainError(tag);
    if (dnsCode.test(code)) {
      return { tag: "DNS-error", val: { rcode: "address not available", infoCode: 0 } };
    }
    if (tlsCode.test(code)) return plainError("TLS-protocol-error");
    if (code === "UND_ERR_HEADERS_OVERFLOW") {
      return { tag: "HTTP-response-header-section-size", val: undefined };
    }
    if (code === "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH") {
      return { tag: "HTTP-request-body-size", val: undefined };
    }
    if (code.startsWith("ERR_HTTP2_") || code === "UND_ERR_INVALID_ARG") {
      return plainError("HTTP-protocol-error");
    }
  }
  return { tag: "internal-error", val: errorText(error) };
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
