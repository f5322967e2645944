import { describe, expect, test } from "vitest";
import { isServiceChainingHost, parseRequestTarget, requestAuthority } from "./request-target.ts";

describe("parseRequestTarget", () => {
  test.each([
    ["/", "/", "/", undefined],
    ["/a/b?c=d?e", "/a/b", "/a/b?c=d?e", undefined],
    ["/a?", "/a", "/a?", undefined],
    ["/a?b#c?d", "/a", "/a?b", undefined],
    ["/a#b", "/a", "/a", undefined],
    ["/%2f%20", "/%2f%20", "/%2f%20", undefined],
    ["//a//", "//a//", "//a//", undefined],
    ["*", "*", "*", undefined],
    ["http://h/a?b", "/a", "/a?b", "h"],
    ["HTTP://h:80", "/", "/", "h:80"],
    ["https://u@h?b", "/", "/?b", "u@h"],
    ["/caf\u00c3\u00a9", "/caf\u00e9", "/caf\u00e9", undefined],
  ])("%s", (target, path, pathWithQuery, authority) => {
    expect(parseRequestTarget(target)).toEqual({ path, pathWithQuery, authority });
  });

  test.each(["", "a", "h:80", "?a", "http:///a", "http://", "/caf\u00e9", "/\u00ff"])(
    "refuses %j",
    (target) => {
      expect(parseRequestTarget(target)).toBeUndefined();
    },
  );
});

describe("requestAuthority", () => {
  test.each([
    ["a", undefined, "a"],
    [undefined, "a", "a"],
    ["a:80", "a:80", "a:80"],
    ["A.b", "a.B", "A.b"],
    ["127.0.0.1:3000", undefined, "127.0.0.1:3000"],
    ["[::1]:3000", undefined, "[::1]:3000"],
    ["[::1]", undefined, "[::1]"],
    ["u:p@h:1", undefined, "u:p@h:1"],
    ["a:", undefined, "a:"],
  ])("Host %s, target %s", (host, target, expected) => {
    expect(requestAuthority(host, target)).toBe(expected);
  });

  test.each([
    [undefined, undefined],
    ["", undefined],
    ["a", "b"],
    ["a", "a:80"],
    ["a b", undefined],
    ["a/b", undefined],
    ["a,b:x", undefined],
    [":80", undefined],
    ["[::1", undefined],
    ["::1", undefined],
    ["a?b", undefined],
    ["a:123456", undefined],
    ["caf\u00e9", undefined],
  ])("Host %j, target %j: none", (host, target) => {
    expect(requestAuthority(host, target)).toBeUndefined();
  });
});

test.each([
  ["a.spin.internal", true],
  ["a.spin.internal:80", true],
  ["a.Spin.Internal", true],
  ["spin.internal", false],
  [".spin.internal", false],
  ["a.b.spin.internal", false],
  ["a.spin.internal.example", false],
  ["localhost", false],
])("isServiceChainingHost(%s) is %s", (host, expected) => {
  expect(isServiceChainingHost(host)).toBe(expected);
});
