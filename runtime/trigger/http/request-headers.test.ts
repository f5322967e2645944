import { expect, test } from "vitest";
import { headerLines, requestHeaders, routeHeaders } from "./request-headers.ts";
import { Router } from "./router.ts";

/** Name and text of the lines that a guest sees. */
function headersOf(
  rawHeaders: readonly string[],
  route: string,
  path: string,
): (readonly [string, string])[] {
  const target = { kind: "component", component: "c" } as const;
  const match = new Router([{ id: "t", route, target }]).match(path);
  if (match === undefined) throw new Error("the route does not match the path");
  const lines = requestHeaders(rawHeaders, {
    match,
    routeHeaders: routeHeaders(match.route),
    fullUrl: `http://h${path}?q`,
    clientAddress: "127.0.0.1:8777",
  });
  return lines.map(([name, value]) => [name, Buffer.from(value).toString("utf8")]);
}

test("appends the spin headers to the client's", () => {
  expect(headersOf(["Host", "h", "X-A", "1"], "/foo/...", "/foo/bar")).toEqual([
    ["host", "h"],
    ["x-a", "1"],
    ["spin-path-info", "/bar"],
    ["spin-full-url", "http://h/foo/bar?q"],
    ["spin-matched-route", "/foo/..."],
    ["spin-base-path", "/"],
    ["spin-raw-component-route", "/foo/..."],
    ["spin-component-route", "/foo"],
    ["spin-client-addr", "127.0.0.1:8777"],
  ]);
});

test("gives each parameter a header", () => {
  const headers = headersOf([], "/:User_Id/:b.json", "/a%20b/caf\u00e9.json");
  expect(headers.slice(-2)).toEqual([
    ["spin-path-match-user-id", "a%20b"],
    ["spin-path-match-b", "caf\u00e9"],
  ]);
});

test.each([
  [
    ["A", "1", "B", "2", "a", "3"],
    ["a=1", "b=2", "a=3"],
  ],
  [
    ["Cookie", "a", "Cookie", "b"],
    ["cookie=a", "cookie=b"],
  ],
  [["Connection", "close", "CONNECTION", "x", "Keep-Alive", "y"], ["keep-alive=y"]],
  [["Host", "other.spin.internal"], []],
  [["Host", "other.spin.internal:80"], []],
  [["Host", "spin.internal"], ["host=spin.internal"]],
  [["Spin-Path-Info", "forged", "spin-x", "y", "x-spin-y", "z"], ["x-spin-y=z"]],
  [[":method", "GET", ":path", "/", "a", "b"], ["a=b"]],
  [["A", ""], ["a="]],
])("of the client's %j a guest sees %j", (rawHeaders, expected) => {
  const headers = headersOf(rawHeaders, "/...", "/").map(([name, value]) => `${name}=${value}`);
  expect(headers.slice(0, -7)).toEqual(expected);
});

test("keeps bytes as they are", () => {
  expect(headerLines(["X", "\u00ff\u0080"])).toEqual([["x", Buffer.from([0xff, 0x80])]]);
});
