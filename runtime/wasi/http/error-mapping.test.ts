import { expect, test } from "vitest";
import { HttpFailure, errorCodeText, plainError } from "./error-code.ts";
import type { ErrorCode } from "./error-code.ts";
import { errorCodeOf } from "./error-mapping.ts";

const withCode = (code: string): Error => Object.assign(new Error("text"), { code });

test.each([
  ["ECONNREFUSED", "connection-refused"],
  ["ECONNRESET", "connection-terminated"],
  ["EPIPE", "connection-terminated"],
  ["UND_ERR_SOCKET", "connection-terminated"],
  ["ETIMEDOUT", "connection-timeout"],
  ["UND_ERR_CONNECT_TIMEOUT", "connection-timeout"],
  ["UND_ERR_HEADERS_TIMEOUT", "connection-read-timeout"],
  ["UND_ERR_BODY_TIMEOUT", "connection-read-timeout"],
  ["EHOSTUNREACH", "destination-IP-unroutable"],
  ["ADDRESS_PROHIBITED", "destination-IP-prohibited"],
  ["EPROTO", "TLS-protocol-error"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "TLS-protocol-error"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "TLS-protocol-error"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "TLS-protocol-error"],
  ["CERT_HAS_EXPIRED", "TLS-protocol-error"],
  ["ERR_HTTP2_STREAM_ERROR", "HTTP-protocol-error"],
  ["UND_ERR_HEADERS_OVERFLOW", "HTTP-response-header-section-size"],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "HTTP-response-incomplete"],
  ["UND_ERR_REQ_CONTENT_LENGTH_MISMATCH", "HTTP-request-body-size"],
])("%s is %s", (code, tag) => {
  expect(errorCodeOf(withCode(code))).toEqual({ tag, val: undefined });
});

test.each(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EADDRNOTAVAIL"])("%s is a DNS-error", (code) => {
  expect(errorCodeOf(withCode(code))).toEqual({
    tag: "DNS-error",
    val: { rcode: "address not available", infoCode: 0 },
  });
});

test.each([
  ["an unknown code", withCode("EWHAT"), "text"],
  ["no code", new Error("text"), "text"],
  ["no error", "text", "text"],
  ["nothing", undefined, "undefined"],
])("%s is an internal-error", (_, error, val) => {
  expect(errorCodeOf(error)).toEqual({ tag: "internal-error", val });
});

test("an error that carries a code keeps it", () => {
  const code = plainError("loop-detected");
  expect(errorCodeOf(new HttpFailure(code))).toBe(code);
});

test.each<[ErrorCode, string]>([
  [plainError("loop-detected"), "loop-detected"],
  [{ tag: "HTTP-response-body-size", val: 3n }, "HTTP-response-body-size(3)"],
  [{ tag: "internal-error", val: "why" }, "internal-error(why)"],
  [{ tag: "DNS-error", val: { rcode: "r", infoCode: 1 } }, 'DNS-error({"rcode":"r","infoCode":1})'],
])("%o reads %s", (code, text) => {
  expect(errorCodeText(code)).toBe(text);
  expect(new HttpFailure(code).message).toBe(text);
});
