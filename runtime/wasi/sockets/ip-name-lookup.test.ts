import { expect, test } from "vitest";
import type { Pollable } from "../io/pollable.ts";
import type { IpAddress } from "./ip-address.ts";
import { formatIpAddress } from "./ip-address.ts";
import { resolverErrorCode } from "./ip-name-lookup.ts";
import { TestGuest } from "./sockets-fixture.ts";

async function resolve(guest: TestGuest, name: string): Promise<string[]> {
  const stream = guest.ok<Pollable>("resolve-addresses", {}, name);
  const next = "[method]resolve-address-stream.resolve-next-address";
  const found: string[] = [];
  for (;;) {
    const result = await guest.finish<IpAddress | undefined>(stream, next, stream);
    if (result.tag === "err") throw new Error(result.val);
    if (result.val === undefined) return found;
    found.push(formatIpAddress(result.val));
  }
}

test("a name is looked up", async () => {
  using guest = new TestGuest();
  const found = await resolve(guest, "localhost");
  expect(["127.0.0.1", "::1"]).toContain(found[0]);
});

test.each([
  ["0.0.0.0", "0.0.0.0"],
  ["192.0.2.0", "192.0.2.0"],
  ["127.1", "127.0.0.1"],
  ["::", "::"],
  ["[::]", "::"],
  ["DEAD:BEEF::0", "dead:beef::"],
  ["::ffff:1.2.3.4", "1.2.3.4"],
])("the address %s is %s, known at once", async (name, address) => {
  using guest = new TestGuest();
  const stream = guest.ok<Pollable>("resolve-addresses", {}, name);
  expect(stream.isReady()).toBe(true);
  expect(await resolve(guest, name)).toEqual([address]);
});

test.each([
  "",
  " ",
  "a.b<&>",
  "127.0.0.1:80",
  "[::]:80",
  "[127.0.0.1]",
  "http://example.com/",
  "a/b",
  "a?b",
  "user@host",
  "a%20b",
  "x".repeat(255),
  Array.from({ length: 3 }, () => "ü".repeat(83)).join("."),
])("%j is not a name", (name) => {
  using guest = new TestGuest();
  expect(guest.code("resolve-addresses", {}, name)).toBe("invalid-argument");
});

test.each(["localhost", "127.0.0.1", ""])("without the permission %j fails for good", (name) => {
  using guest = new TestGuest({ nameLookup: false });
  expect(guest.code("resolve-addresses", {}, name)).toBe("permanent-resolver-failure");
});

test.each([
  ["ENOTFOUND", "name-unresolvable"],
  ["EAI_AGAIN", "temporary-resolver-failure"],
  ["EAI_FAIL", "permanent-resolver-failure"],
] as const)("the resolver's %s is %s", (code, expected) => {
  expect(resolverErrorCode(Object.assign(new Error(code), { code }))).toBe(expected);
});
