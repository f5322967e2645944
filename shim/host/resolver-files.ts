import { isIP } from "node:net";

/** What a resolv.conf says (resolv.conf(5)). */
export interface ResolverConfig {
  /** IP addresses, in the order in which they are asked. */
  readonly servers: readonly string[];
  /** Appended to names, in this order. */
  readonly search: readonly string[];
  /** Names with as many dots are tried as they are first. */
  readonly dotsMin: number;
}

const serversMax = 3;
const searchMax = 32;
const dotsMinMax = 15;
const localServer = "127.0.0.1";

/** Lines that make no sense are passed over, as the C library does. */
export function parseResolver(text: string): ResolverConfig {
  const servers: string[] = [];
  let search: readonly string[] = [];
  let dotsMin = 1;
  for (const line of text.split("\n")) {
    const [key = "", ...values] = line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/);
    if (key === "nameserver")
      servers.push(...values.slice(0, 1).filter((each) => isIP(each) !== 0));
    if (key === "search" || key === "domain") search = values.slice(0, searchMax);
    if (key !== "options") continue;
    for (const value of values) {
      const [, dots] = /^ndots:(\d+)$/.exec(value) ?? [];
      if (dots !== undefined) dotsMin = Math.min(Number(dots), dotsMinMax);
    }
  }
  return {
    servers: servers.length === 0 ? [localServer] : servers.slice(0, serversMax),
    search: search.map((domain) => domain.replace(/\.$/, "")).filter((domain) => domain !== ""),
    dotsMin,
  };
}

/** Addresses of a name in a hosts file (hosts(5)), in the order in which they are there. */
export function addressesInHosts(text: string, name: string): readonly string[] {
  const wanted = name.toLowerCase().replace(/\.$/, "");
  return text.split("\n").flatMap((line) => {
    const [address = "", ...names] = line.replace(/#.*$/, "").trim().split(/\s+/);
    const isMeant = isIP(address) !== 0 && names.some((each) => each.toLowerCase() === wanted);
    return isMeant ? [address] : [];
  });
}

/** Names to ask for, one after the other until one is known. */
export function candidates(name: string, { search, dotsMin }: ResolverConfig): readonly string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const dots = name.split(".").length - 1;
  const longer = search.map((domain) => `${name}.${domain}`);
  return dots >= dotsMin ? [name, ...longer] : [...longer, name];
}
