import { isIPv6 } from "node:net";
import { WhorlError } from "../../runtime/error.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Parses `host:port`, `[ipv6]:port`, `:port` (all IPv4 addresses) or a bare port number (loopback).
 * @throws WhorlError `usage`
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:(?:\[(?<ipv6>[^\]]*)\]|(?<name>[^:[\]\s]*)):)?(?<port>\d{1,5})$/.exec(text);
  const groups = match?.groups;
  const port = Number(groups?.["port"]);
  const ipv6 = groups?.["ipv6"];
  const isBad = groups === undefined || port > 65_535 || (ipv6 !== undefined && !isIPv6(ipv6));
  if (isBad) {
    throw new WhorlError(
      "usage",
      `"${text}" is not an address to listen on; write host:port, for example 127.0.0.1:3000 or [::1]:3000`,
    );
  }
  if (ipv6 !== undefined) return { host: ipv6, port };
  const name = groups["name"];
  return { host: name === "" ? "0.0.0.0" : (name ?? "127.0.0.1"), port };
}
