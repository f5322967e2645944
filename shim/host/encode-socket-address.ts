import { isIPv4, isIPv6 } from "node:net";
import { ShimError } from "../error.ts";

const families = { version4: 2, version6: 10 } as const;

/**
 * struct sockaddr_in or sockaddr_in6 (ip(7), ipv6(7)) of an IP address without a zone.
 * @throws ShimError `invalid_argument`
 */
export function encodeSocketAddress(address: {
  readonly host: string;
  readonly port: number;
}): Buffer {
  const { host, port } = address;
  if (isIPv4(host)) {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt16LE(families.version4, 0);
    bytes.writeUInt16BE(port, 2);
    bytes.set(host.split(".").map(Number), 4);
    return bytes;
  }
  if (!isIPv6(host) || host.includes("%")) {
    throw new ShimError("invalid_argument", `"${host}" is no IP address that can be bound to`);
  }
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16LE(families.version6, 0);
  bytes.writeUInt16BE(port, 2);
  for (const [index, group] of groupsOf(host).entries()) bytes.writeUInt16BE(group, 8 + index * 2);
  return bytes;
}

/** The eight groups of an address of version 6 (RFC 4291, 2.2). */
function groupsOf(host: string): readonly number[] {
  const [front = "", back] = host.split("::");
  const before = numbersOf(front);
  if (back === undefined) return before;
  const after = numbersOf(back);
  return [
    ...before,
    ...Array.from({ length: 8 - before.length - after.length }, () => 0),
    ...after,
  ];
}

function numbersOf(text: string): readonly number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
