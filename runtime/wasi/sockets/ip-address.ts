import { isIPv4, isIPv6 } from "node:net";

/** wasi:sockets/network `ip-address-family`. */
export type IpAddressFamily = "ipv4" | "ipv6";

/** wasi:sockets/network `ip-address`: four bytes or eight 16-bit groups. */
export type IpAddress =
  | { readonly tag: "ipv4"; readonly val: readonly number[] }
  | { readonly tag: "ipv6"; readonly val: readonly number[] };

/**
 * Text of an address as inet_ntop writes it (RFC 5952): two texts are equal exactly when the
 * addresses are, so policies and filters may compare texts.
 */
export function formatIpAddress(address: IpAddress): string {
  if (address.tag === "ipv4") return address.val.join(".");
  const groups = address.val;
  const zeros = longestZeroRun(groups);
  const text = (part: readonly number[]): string =>
    part.map((group) => group.toString(16)).join(":");
  if (zeros.length < 2) return text(groups);
  return `${text(groups.slice(0, zeros.start))}::${text(groups.slice(zeros.start + zeros.length))}`;
}

/** Reads an IP literal, without brackets or zone; undefined for anything else. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (isIPv4(text)) return { tag: "ipv4", val: text.split(".").map(Number) };
  if (text.includes("%") || !isIPv6(text)) return undefined;
  const [head = "", tail] = text.split("::");
  const before = parseGroups(head);
  if (tail === undefined) return { tag: "ipv6", val: before };
  const after = parseGroups(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return { tag: "ipv6", val: [...before, ...zeros, ...after] };
}

/** IPv4-mapped IPv6 addresses (`::ffff:a.b.c.d`) as what they mean; others unchanged. */
export function canonicalIpAddress(address: IpAddress): IpAddress {
  if (!isIpv4Mapped(address)) return address;
  const [high = 0, low = 0] = address.val.slice(6);
  return { tag: "ipv4", val: [high >> 8, high & 0xff, low >> 8, low & 0xff] };
}

/**
 * Whether a socket of `family` takes the address. IPv6 sockets have dual stack off, so mapped
 * addresses are refused, and so are the deprecated IPv4-compatible ones (`::a.b.c.d`).
 */
export function isOfFamily(address: IpAddress, family: IpAddressFamily): boolean {
  if (address.tag !== family) return false;
  return family === "ipv4" || !(isIpv4Mapped(address) || isIpv4Compatible(address.val));
}

/** Neither multicast nor the IPv4 broadcast address. */
export function isUnicast(address: IpAddress): boolean {
  const [first = 0] = address.val;
  if (address.tag === "ipv6") return first >> 8 !== 0xff;
  return first >> 4 !== 0xe && !address.val.every((byte) => byte === 0xff);
}

/** `0.0.0.0` or `::`. */
export function isUnspecified(address: IpAddress): boolean {
  return address.val.every((part) => part === 0);
}

function isIpv4Mapped({ tag, val }: IpAddress): boolean {
  return tag === "ipv6" && val.every((group, index) => index > 5 || group === mapped[index]);
}

const mapped = [0, 0, 0, 0, 0, 0xffff];

function isIpv4Compatible(groups: readonly number[]): boolean {
  const [high = 0, low = 0] = groups.slice(6);
  if (groups.slice(0, 6).some((group) => group !== 0)) return false;
  return high !== 0 || low > 1;
}

/** `1:2` as [1, 2]; the last group may be written as IPv4, which makes two. */
function parseGroups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > longest.length) longest = { start, length: index + 1 - start };
  }
  return longest;
}
