import { expect, test } from "vitest";
import { limits } from "../limits.ts";
import { appOfHost, findHost, isAppName } from "./request-name.ts";

const incomplete = { kind: "incomplete" };
const other = { kind: "other" };

test.each([
  ["GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n", { kind: "host", host: "shop.localhost" }],
  ["GET / HTTP/1.1\r\nA: b\r\nhOsT:\tshop:80 \r\nC: d\r\n", { kind: "host", host: "shop:80" }],
  ["GET / HTTP/1.1\r\nHost:\r\n\r\n", { kind: "host", host: "" }],
  ["GET / HTTP/1.1\r\nHost: sho", incomplete],
  ["GET / HTTP/1.1\r\nX-Host: a\r\n", incomplete],
  ["", incomplete],
  ["P", incomplete],
  ["PRI * HTTP/2.0", incomplete],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", other],
  ["GET / HTTP/1.0\r\nA: b\r\n\r\n", other],
  // In a body, a name means nothing.
  ["POST / HTTP/1.1\r\nA: b\r\n\r\nx\r\nHost: evil\r\n", other],
  ["\x16\x03\x01\x00 no text at all \r\n\r\n", other],
])("findHost %j", (text, expected) => {
  expect(findHost(Buffer.from(text, "latin1"))).toEqual(expected);
});

test("a head that is too long is left to who refuses it", () => {
  const head = `GET / HTTP/1.1\r\nA: ${"a".repeat(limits.headersBytesMax)}`;
  expect(findHost(Buffer.from(head))).toEqual(other);
});

test("the same is found however the bytes arrive", () => {
  const bytes = Buffer.from("GET / HTTP/1.1\r\nA: b\r\nHost: shop\r\n\r\n");
  const found = Array.from(bytes, (_, index) => findHost(bytes.subarray(0, index + 1)));
  const firstFound = found.findIndex(({ kind }) => kind !== "incomplete");
  expect(found[firstFound]).toEqual({ kind: "host", host: "shop" });
  expect(found.slice(firstFound).every(({ kind }) => kind === "host")).toBe(true);
});

test.each([
  ["shop.localhost:3000", "shop"],
  ["Shop.Example.org", "shop"],
  ["shop", "shop"],
  ["my_shop-2:80", "my_shop-2"],
  ["127", "127"],
  ["127.0.0.1:3000", undefined],
  ["127.0.0.1", undefined],
  ["[::1]:3000", undefined],
  ["", undefined],
  ["-shop.localhost", undefined],
  ["shop-.localhost", undefined],
  ["../etc", undefined],
  ["sh\u00f6p.localhost", undefined],
  [" shop", undefined],
])("appOfHost %j", (host, app) => {
  expect(appOfHost(host)).toBe(app);
});

test.each([
  ["shop", true],
  ["a".repeat(63), true],
  ["a".repeat(64), false],
  ["Shop", false],
  ["a.b", false],
  ["a b", false],
  ["", false],
])("isAppName %j", (name, expected) => {
  expect(isAppName(name)).toBe(expected);
});
