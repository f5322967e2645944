import { expect, test } from "vitest";
import { parseListenAddress } from "./listen-address.ts";

test.each<[text: string, host: string, port: number]>([
  ["127.0.0.1:3000", "127.0.0.1", 3000],
  ["localhost:0", "localhost", 0],
  ["[::1]:80", "::1", 80],
  [":8080", "0.0.0.0", 8080],
  ["8080", "127.0.0.1", 8080],
])("parseListenAddress of %s is %s and %s", (text, host, port) => {
  expect(parseListenAddress(text)).toEqual({ host, port });
});

test.each(["", "x", "localhost", "localhost:", "localhost:65536", "::1:80", "[x]:80", "a b:1"])(
  "parseListenAddress refuses %j",
  (text) => {
    expect(() => parseListenAddress(text)).toThrow(expect.objectContaining({ code: "usage" }));
  },
);
