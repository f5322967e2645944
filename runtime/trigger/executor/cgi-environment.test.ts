import { expect, test } from "vitest";
import type { IncomingExchange } from "../../wasi/http/exchange.ts";
import { headerLines } from "../http/request-headers.ts";
import { cgiArguments, cgiEnvironment } from "./cgi-environment.ts";

function environmentOf(...rawHeaders: string[]): Map<string, string> {
  const exchange: IncomingExchange = {
    ...{ method: "GET", scheme: "http", authority: "shop:81", pathWithQuery: "/a/b%20c?x=1&y" },
    headers: headerLines(rawHeaders),
    body: undefined,
    trailers: () => [],
  };
  return cgiEnvironment(exchange, 5);
}

test("the facts of a request", () => {
  const spin = ["spin-path-info", "/b%20c", "spin-client-addr", "[::1]:1234"];
  expect(Object.fromEntries(environmentOf(...spin, "content-type", "a/b"))).toMatchObject({
    CONTENT_LENGTH: "5",
    CONTENT_TYPE: "a/b",
    HTTP_CONTENT_TYPE: "a/b",
    PATH_INFO: "/b%20c",
    PATH_TRANSLATED: "/b c",
    QUERY_STRING: "x=1&y",
    REMOTE_ADDR: "::1",
    REQUEST_METHOD: "GET",
    SCRIPT_NAME: "/a",
    SERVER_NAME: "shop",
    SERVER_PORT: "81",
    X_CLIENT_ADDR: "[::1]:1234",
  });
});

test.each([
  ["x-a", "1", "HTTP_X_A", "1"],
  ["x", "a\0b", "HTTP_X", "ab"],
  ["authorization", "Basic x", "HTTP_AUTHORIZATION", undefined],
  ["connection", "close", "HTTP_CONNECTION", undefined],
  // What many an HTTP client would take for where to send its requests (CVE-2016-5385).
  ["proxy", "http://evil", "HTTP_PROXY", undefined],
])("header %s: %j is %s=%j", (name, value, variable, expected) => {
  expect(environmentOf(name, value).get(variable)).toBe(expected);
});

test.each([
  ["${SCRIPT_NAME} ${ARGS}", "/p?a=1&b", ["/p", "a=1", "b"]],
  ["x", "/p", ["x"]],
  ["${SCRIPT_NAME}", "/$&?x", ["/$&"]],
])("arguments %j of %j", (argv, target, expected) => {
  expect(cgiArguments(argv, target)).toEqual(expected);
});
