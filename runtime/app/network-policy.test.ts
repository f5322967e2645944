import { describe, expect, test } from "vitest";
import { networkPolicy } from "./network-policy.ts";

function policy(blocksPrivateNetworks: boolean, ...blockedNetworks: string[]): string[] {
  const isAllowed = networkPolicy({
    blockedNetworks,
    blocksPrivateNetworks,
    socketConnectionsMax: undefined,
    totalConnectionsMax: undefined,
  });
  const addresses = [
    ...["8.8.8.8", "1.1.1.1", "10.1.2.3", "127.0.0.1", "169.254.169.254", "192.168.0.1"],
    ...["2606:4700::1", "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "::ffff:8.8.8.8"],
  ];
  return addresses.filter((address) => !isAllowed(address));
}

describe("networkPolicy", () => {
  test("blocks nothing unless told to", () => {
    expect(policy(false)).toEqual([]);
  });

  test("blocks networks and single addresses", () => {
    expect(policy(false, "1.1.1.1/32", "10.0.0.0/8", "2606:4700::/32", "8.8.8.8")).toEqual([
      ...["8.8.8.8", "1.1.1.1", "10.1.2.3", "2606:4700::1"],
      ...["::ffff:10.0.0.1", "::ffff:8.8.8.8"],
    ]);
  });

  test("blocks everything that is not globally routable", () => {
    expect(policy(true)).toEqual([
      ...["10.1.2.3", "127.0.0.1", "169.254.169.254", "192.168.0.1"],
      ...["::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1"],
    ]);
  });

  test.each(["", "x", "1.1.1.1/33", "1.1.1/8"])("refuses %j", (network) => {
    expect(() => policy(false, network)).toThrow(`"${network}" in block_networks is no network`);
  });
});
