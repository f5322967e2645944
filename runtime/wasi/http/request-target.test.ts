import { describe, expect, test } from "vitest";
import { getMethod } from "./method.ts";
import type { Scheme } from "./method.ts";
import {
  isAuthority,
  isMethod,
  isPathWithQuery,
  isScheme,
  requestTarget,
} from "./request-target.ts";

describe("what a guest may set", () => {
  test.each([
    ["example.org", true],
    ["example.org:443", true],
    ["127.0.0.1:80", true],
    ["[::1]", true],
    ["[::1]:8080", true],
    ["user:pw@example.org", true],
    [":80", true],
    ["", false],
    ["example.org:", false],
    ["example.org:abc", false],
    ["example.org:65536", false],
    ["[::1", false],
    ["::1", false],
    ["a b", false],
    ["a/b", false],
    ["a?b", false],
    ["a#b", false],
    ["a\\b", false],
    ["a\r\nb", false],
  ])("authority %j: %s", (text, expected) => {
    expect(isAuthority(text)).toBe(expected);
  });

  test.each([
    ["/", true],
    ["", true],
    ["/a?b=c&d", true],
    ["?a", true],
    ["*", true],
    ["/é", true],
    ["/a b", false],
    ["/a\nb", false],
    ["/a#b", false],
    ["/\u007f", false],
  ])("path %j: %s", (text, expected) => {
    expect(isPathWithQuery(text)).toBe(expected);
  });

  test.each([
    ["PURGE", true],
    ["m-search", true],
    ["", false],
    ["A B", false],
    ["GET\r\n", false],
  ])("method %j: %s", (val, expected) => {
    expect(isMethod({ tag: "other", val })).toBe(expected);
  });

  test.each([
    ["ws", true],
    ["git+ssh", true],
    ["", false],
    ["1a", false],
    ["a:", false],
  ])("scheme %j: %s", (val, expected) => {
    expect(isScheme({ tag: "other", val })).toBe(expected);
  });
});

const http: Scheme = { tag: "HTTP", val: undefined };
const other = (val: string): Scheme => ({ tag: "other", val });

function target(
  authority: string | undefined,
  scheme: Scheme | undefined = http,
  pathWithQuery: string | undefined = "/",
): unknown {
  return requestTarget({ method: getMethod, scheme, authority, pathWithQuery });
}

describe("where a request goes", () => {
  test.each([
    ["a name", "example.org", "example.org"],
    ["a port", "example.org:81", "example.org:81"],
    ["the scheme's own port", "example.org:80", "example.org"],
    ["a user", "me:secret@example.org", "example.org"],
    ["capital letters", "Example.ORG", "example.org"],
    ["an escaped address", "127%2e0.0.1", "127.0.0.1"],
    ["a number as address", "0x7f.1", "127.0.0.1"],
    ["IPv6", "[0:0::1]:8080", "[::1]:8080"],
    ["the app itself", undefined, ""],
    ["the app itself, by port", ":443", ""],
    ["the app itself, by name", "self.alt", ""],
    ["a name that only starts so", "self.alternative", "self.alternative"],
  ])("%s", (_, authority, expected) => {
    expect(target(authority)).toMatchObject({ authority: expected, scheme: "http" });
  });

  test.each([
    ["https without a scheme", undefined, "https"],
    ["by name", other("HTTP"), "http"],
    ["by name", other("https"), "https"],
  ])("the scheme: %s", (_, scheme, expected) => {
    const parts = { method: getMethod, authority: "a", pathWithQuery: undefined };
    expect(requestTarget({ ...parts, scheme })).toMatchObject({ scheme: expected, path: "/" });
  });

  test.each([
    ["", "/"],
    ["?a=b", "/?a=b"],
    ["a", "/a"],
    ["/%20", "/%20"],
    ["/é€😀?ü", "/%C3%A9%E2%82%AC%F0%9F%98%80?%C3%BC"],
  ])("the path %j as %j", (path, expected) => {
    expect(target("a", http, path)).toMatchObject({ path: expected });
  });

  test.each([
    ["an unknown scheme", target("a", other("ftp")), "HTTP-protocol-error"],
    ["an impossible host", target("1.2.3.999"), "HTTP-request-URI-invalid"],
    [
      "CONNECT",
      requestTarget({
        method: { tag: "connect", val: undefined },
        scheme: http,
        authority: "a",
        pathWithQuery: undefined,
      }),
      "HTTP-request-method-invalid",
    ],
  ])("%s is refused", (_, result, expected) => {
    expect(result).toBe(expected);
  });
});
