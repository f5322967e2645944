import { SocketAddress } from "node:net";
import { describe, expect, test } from "vitest";
import {
  canonicalIpAddress,
  formatIpAddress,
  isOfFamily,
  isUnicast,
  isUnspecified,
  parseIpAddress,
} from "./ip-address.ts";
import type { IpAddress } from "./ip-address.ts";
import { endpointOf, socketAddressOf } from "./socket-address.ts";

function ip(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (address === undefined) throw new Error(`${text} was not read`);
  return address;
}

describe("text of an address", () => {
  test.each([
    { text: "0.0.0.0", groups: [0, 0, 0, 0], canonical: "0.0.0.0" },
    { text: "192.0.2.7", groups: [192, 0, 2, 7], canonical: "192.0.2.7" },
    { text: "::", groups: [0, 0, 0, 0, 0, 0, 0, 0], canonical: "::" },
    { text: "::1", groups: [0, 0, 0, 0, 0, 0, 0, 1], canonical: "::1" },
    { text: "1::", groups: [1, 0, 0, 0, 0, 0, 0, 0], canonical: "1::" },
    {
      text: "2001:0DB8:0:0:1:0:0:1",
      groups: [0x2001, 0xdb8, 0, 0, 1, 0, 0, 1],
      canonical: "2001:db8::1:0:0:1",
    },
    {
      text: "2001:db8:0:1:1:1:1:1",
      groups: [0x2001, 0xdb8, 0, 1, 1, 1, 1, 1],
      canonical: "2001:db8:0:1:1:1:1:1",
    },
    {
      text: "64:ff9b::1.2.3.4",
      groups: [0x64, 0xff9b, 0, 0, 0, 0, 0x102, 0x304],
      canonical: "64:ff9b::102:304",
    },
    { text: "1:2:3:4:5:6:7:8", groups: [1, 2, 3, 4, 5, 6, 7, 8], canonical: "1:2:3:4:5:6:7:8" },
  ])("$text", ({ text, groups, canonical }) => {
    const address = ip(text);
    expect(address.val).toEqual(groups);
    expect(formatIpAddress(address)).toBe(canonical);
    const family = address.tag;
    expect(new SocketAddress({ address: text, family }).address).toBe(canonical);
  });

  test.each(["", " ", "1.2.3", "1.2.3.256", "::1::", ":::", "fe80::1%eth0", "[::1]", "localhost"])(
    "%j is not an address",
    (text) => expect(parseIpAddress(text)).toBeUndefined(),
  );
});

test.each([
  { text: "127.0.0.1", ipv4: true, ipv6: false, unicast: true, unspecified: false },
  { text: "0.0.0.0", ipv4: true, ipv6: false, unicast: true, unspecified: true },
  { text: "255.255.255.255", ipv4: true, ipv6: false, unicast: false, unspecified: false },
  { text: "224.254.0.0", ipv4: true, ipv6: false, unicast: false, unspecified: false },
  { text: "::", ipv4: false, ipv6: true, unicast: true, unspecified: true },
  { text: "::1", ipv4: false, ipv6: true, unicast: true, unspecified: false },
  { text: "ff02::1", ipv4: false, ipv6: true, unicast: false, unspecified: false },
  { text: "::ffff:127.0.0.1", ipv4: false, ipv6: false, unicast: true, unspecified: false },
  { text: "::127.0.0.1", ipv4: false, ipv6: false, unicast: true, unspecified: false },
])("properties of $text", ({ text, ipv4, ipv6, unicast, unspecified }) => {
  const address = ip(text);
  expect({
    ipv4: isOfFamily(address, "ipv4"),
    ipv6: isOfFamily(address, "ipv6"),
    unicast: isUnicast(address),
    unspecified: isUnspecified(address),
  }).toEqual({ ipv4, ipv6, unicast, unspecified });
});

test("an IPv4-mapped address is canonically IPv4, others stay", () => {
  expect(canonicalIpAddress(ip("::ffff:1.2.3.4"))).toEqual(ip("1.2.3.4"));
  expect(canonicalIpAddress(ip("2001:db8::1"))).toEqual(ip("2001:db8::1"));
});

test.each(["127.0.0.1", "2001:db8::1"])("socket address of %s and back", (host) => {
  const address = socketAddressOf({ host, port: 8080 });
  expect(address && endpointOf(address)).toEqual({ host, port: 8080 });
});

test("what Node no longer knows is no address", () => {
  expect(socketAddressOf({ host: "", port: 0 })).toBeUndefined();
});
