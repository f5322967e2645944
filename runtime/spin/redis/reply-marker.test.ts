import { expect, test } from "vitest";
import { parseRedisAddress } from "./redis-address.ts";
import { redisResults } from "./redis-values.ts";
import { ReplyMarker } from "./reply-marker.ts";
import { isStatelessCommand } from "./stateless-commands.ts";

test.each([
  ["+OK\r\n", ",OK\r\n"],
  [":+1\r\n+a+b\r\n", ":+1\r\n,a+b\r\n"],
  ["$5\r\n+O\r\n+\r\n+OK\r\n", "$5\r\n+O\r\n+\r\n,OK\r\n"],
  ["$-1\r\n+OK\r\n", "$-1\r\n,OK\r\n"],
  ["$0\r\n\r\n+OK\r\n", "$0\r\n\r\n,OK\r\n"],
  ["*2\r\n+A\r\n*1\r\n$1\r\n+\r\n+B\r\n", "*2\r\n,A\r\n*1\r\n$1\r\n+\r\n,B\r\n"],
  ["-ERR +x\r\n+OK\r\n", "-ERR +x\r\n,OK\r\n"],
])("%j becomes %j, whole and byte by byte", (given, expected) => {
  const whole = Buffer.from(given);
  new ReplyMarker().mark(whole);
  expect(whole.toString()).toBe(expected);
  const marker = new ReplyMarker();
  const parts = [...Buffer.from(given)].map((byte) => Buffer.from([byte]));
  for (const part of parts) marker.mark(part);
  expect(Buffer.concat(parts).toString()).toBe(expected);
});

test.each([
  [null, { tag: "nil", val: undefined }],
  ["OK", { tag: "status", val: "OK" }],
  ["-9223372036854775808", { tag: "int64", val: -(1n << 63n) }],
  [Buffer.from("5"), { tag: "binary", val: Uint8Array.of(0x35) }],
])("reply %o", (reply, result) => {
  expect(redisResults([reply, [reply]])).toEqual([result, result]);
});

test("an error inside a reply is thrown", () => {
  expect(() => redisResults(["OK", new Error("inside")])).toThrow("inside");
});

test.each([
  ["redis://h", { host: "h", port: undefined, database: 0, tls: "none" }],
  [
    "rediss://u:p%40@h:1/2",
    { port: 1, username: "u", password: "p@", database: 2, tls: "verified" },
  ],
  ["rediss://[::1]#insecure", { host: "::1", tls: "unverified" }],
])("address %s", (address, expected) => {
  expect(parseRedisAddress(address)).toMatchObject(expected);
});

test.each(["redis://a@allowed@evil/", "redis://allowed:6379@evil/", "redis://allowed\\@evil/"])(
  "the host of %s is the one that is connected to",
  (address) => {
    expect(parseRedisAddress(address)?.host).toBe(new URL(address).hostname);
  },
);

test.each([
  ["GET", true],
  ["SELECT", false],
  ["MULTI", false],
  ["BLPOP", false],
  ["XREAD", false],
  ["CLIENT", false],
  ["NONSENSE", false],
])("%s may share a connection: %s", (command, expected) => {
  expect(isStatelessCommand(command)).toBe(expected);
});
