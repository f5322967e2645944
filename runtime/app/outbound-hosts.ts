import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import { WhorlError } from "../error.ts";

/** Which destinations a component may reach: its allowed_outbound_hosts, ready to be asked. */
export interface OutboundHosts {
  /**
   * Whether a destination is allowed. `host` is a name or an IP address (IPv6 with or without
   * brackets); without a port the scheme's own one counts.
   */
  allows(scheme: string, host: string, port: number | undefined): boolean;
  /** Whether requests to the app itself (relative ones) are allowed over this scheme. */
  allowsSelf(scheme: string): boolean;
}

/** One entry of allowed_outbound_hosts. */
export interface OutboundHostRule {
  /** Lower case; undefined for `*`. */
  readonly scheme: string | undefined;
  readonly host: HostRule;
  readonly ports: PortRange;
}

type HostRule =
  | { readonly kind: "any" }
  | { readonly kind: "self" }
  /** Lower case. */
  | { readonly kind: "name"; readonly name: string }
  /** With its leading dot, lower case. */
  | { readonly kind: "subdomain"; readonly suffix: string }
  | {
      readonly kind: "addresses";
      readonly addresses: BlockList;
      /** Where the rule has but one IPv4 address: that one. */
      readonly only: string | undefined;
    };

interface PortRange {
  readonly first: number;
  /** Not included. */
  readonly end: number;
}

const portsEnd = 65_536;
const anyPort: PortRange = { first: 0, end: portsEnd };

function defaultPort(scheme: string): number | undefined {
  switch (scheme) {
    case "http":
      return 80;
    case "https":
      return 443;
    case "redis":
      return 6379;
    case "mysql":
      return 3306;
    case "postgres":
      return 5432;
    case "mqtt":
      return 1883;
    default:
      return undefined;
  }
}

/**
 * Parses one entry `scheme://host[:port]` as in Spin's manifest version 2.
 * @throws WhorlError `manifest`, naming the entry and what to write instead.
 */
export function parseOutboundHost(entry: string): OutboundHostRule {
  const text = entry.trim();
  if (text === "insecure:allow-all") {
    throw wrong(entry, `is not accepted any more; use "*://*:*" to allow every destination`);
  }
  const separator = text.indexOf("://");
  if (separator === -1) {
    throw wrong(
      entry,
      `has no scheme; write "scheme://host:port", for example "https://${example(text)}"`,
    );
  }
  const scheme = text.slice(0, separator);
  if (scheme !== "*" && !/^[a-z]+$/i.test(scheme)) {
    throw wrong(entry, `has a bad scheme "${scheme}"; use letters only, or "*"`);
  }
  const { host, port } = splitAuthority(entry, text.slice(separator + 3));
  return {
    scheme: scheme === "*" ? undefined : scheme.toLowerCase(),
    host: parseHost(entry, host),
    ports: parsePorts(entry, port, scheme.toLowerCase()),
  };
}

/**
 * Makes a checker of entries that are resolved (no templates left).
 * @throws WhorlError `manifest` for the first bad entry.
 */
export function compileOutboundHosts(entries: readonly string[]): OutboundHosts {
  const rules = entries.map(parseOutboundHost);
  return {
    allows(scheme, host, port) {
      const asked = canonicalDestination(scheme, host, port);
      return asked !== undefined && rules.some((rule) => ruleAllows(rule, asked));
    },
    allowsSelf(scheme) {
      const name = scheme.toLowerCase();
      return rules.some((rule) => ruleAllowsSelf(rule, name));
    },
  };
}

interface Destination {
  readonly scheme: string;
  readonly host: string;
  /** 4 or 6 if the host is an address, else 0. */
  readonly ipVersion: number;
  readonly port: number;
}

function canonicalDestination(
  scheme: string,
  host: string,
  port: number | undefined,
): Destination | undefined {
  const schemeName = scheme.toLowerCase();
  const portNumber = port ?? defaultPort(schemeName);
  if (portNumber === undefined) return undefined;
  const name = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  return {
    scheme: schemeName,
    host: name.toLowerCase(),
    ipVersion: isIP(name),
    port: portNumber,
  };
}

function ruleAllows(rule: OutboundHostRule, asked: Destination): boolean {
  if (rule.scheme !== undefined && rule.scheme !== asked.scheme) return false;
  if (asked.port < rule.ports.first || asked.port >= rule.ports.end) return false;
  switch (rule.host.kind) {
    case "any":
      return true;
    case "self":
      return false;
    case "name":
      return rule.host.name === asked.host;
    case "subdomain":
      return asked.host.endsWith(rule.host.suffix) && asked.host !== rule.host.suffix;
    case "addresses":
      if (asked.ipVersion === 0) return false;
      // An IPv4 address has one way to be written, and comparing it costs a tenth.
      if (asked.ipVersion === 4 && rule.host.only !== undefined) {
        return asked.host === rule.host.only;
      }
      return rule.host.addresses.check(asked.host, asked.ipVersion === 4 ? "ipv4" : "ipv6");
  }
}

function ruleAllowsSelf(rule: OutboundHostRule, scheme: string): boolean {
  if (rule.host.kind !== "any" && rule.host.kind !== "self") return false;
  if (rule.scheme === undefined || rule.scheme === scheme) return true;
  // The guest does not choose whether the app listens with TLS: either permits the other.
  return isHttp(scheme) && isHttp(rule.scheme);
}

function isHttp(scheme: string): boolean {
  return scheme === "http" || scheme === "https";
}

/** Host and port, without a trailing `/`. */
function splitAuthority(entry: string, authority: string): { host: string; port: string } {
  if (authority.startsWith("[")) {
    const end = authority.indexOf("]");
    const match = /^(?::(?<port>[^/]*))?\/?$/.exec(authority.slice(end + 1));
    if (end === -1 || match === null) {
      throw wrong(entry, `has a broken IPv6 address; write "scheme://[address]:port"`);
    }
    const host = authority.slice(1, end);
    if (!isIPv6(host)) throw wrong(entry, `has "${host}" in brackets, which is no IPv6 address`);
    return { host, port: match.groups?.["port"] ?? "" };
  }
  // `::/0` alone: its last colon belongs to the address.
  const network = authority.split("/", 1)[0] ?? "";
  const colon =
    isIPv6(network) && /^\/\d+$/.test(authority.slice(network.length))
      ? -1
      : authority.lastIndexOf(":");
  const host = colon === -1 ? authority : authority.slice(0, colon);
  const [port = "", path = ""] = colon === -1 ? [] : splitOnce(authority.slice(colon + 1), "/");
  if (path !== "") throw wrong(entry, `has a path "/${path}"; only a host can be allowed`);
  return { host: host.trim(), port };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

function parseHost(entry: string, host: string): HostRule {
  if (host === "*") return { kind: "any" };
  if (host === "self" || host === "self.alt") return { kind: "self" };
  if (host.startsWith("{")) {
    throw wrong(entry, "lists several hosts in braces; write one entry for each");
  }
  const addresses = parseAddresses(host);
  if (addresses !== undefined) return addresses;
  const [name, path] = splitOnce(host, "/");
  if (path !== "") throw wrong(entry, `has a path "/${path}"; only a host can be allowed`);
  if (name.startsWith("*.")) {
    return { kind: "subdomain", suffix: `.${parseDomain(entry, name.slice(2))}` };
  }
  return { kind: "name", name: parseDomain(entry, name) };
}

function parseAddresses(host: string): HostRule | undefined {
  const [address, prefix] = splitOnce(host, "/");
  const version = isIP(address);
  if (version === 0) return undefined;
  const bitsMax = isIPv4(address) ? 32 : 128;
  const bits = prefix === "" ? bitsMax : Number(prefix);
  if (!/^\d*$/.test(prefix) || bits > bitsMax) return undefined;
  const list = new BlockList();
  list.addSubnet(address, bits, version === 4 ? "ipv4" : "ipv6");
  const only = version === 4 && bits === bitsMax ? address : undefined;
  return { kind: "addresses", addresses: list, only };
}

function parseDomain(entry: string, domain: string): string {
  if (domain.includes("*")) {
    throw wrong(entry, `has "*" inside the host; it may only stand alone or start it as "*."`);
  }
  const name = /^[\x20-\x7e]*$/.test(domain) ? domain.toLowerCase() : domainToASCII(domain);
  if (!/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/.test(name)) {
    throw wrong(entry, `has "${domain}" as its host, which is no host name`);
  }
  return name;
}

function parsePorts(entry: string, port: string, scheme: string): PortRange {
  if (port === "*") return anyPort;
  if (port === "") {
    const known = defaultPort(scheme);
    if (known !== undefined) return { first: known, end: known + 1 };
    throw wrong(entry, `needs a port, because "${scheme}" has none by itself; add ":443" or ":*"`);
  }
  if (port.startsWith("{")) {
    throw wrong(entry, "lists several ports in braces; write one entry for each");
  }
  const range = /^(?<first>\d{1,5})(?:\.\.(?<end>\d{1,5}))?$/.exec(port)?.groups;
  const first = Number(range?.["first"]);
  const end = range?.["end"] === undefined ? first + 1 : Number(range["end"]);
  if (range === undefined || first >= portsEnd || end > portsEnd) {
    throw wrong(entry, `has a bad port "${port}"; use a number, "first..end" or "*"`);
  }
  return { first, end };
}

function example(text: string): string {
  return /^[a-z0-9.-]+(?::\d+)?$/i.test(text) ? text : "example.com";
}

function wrong(entry: string, what: string): WhorlError {
  return new WhorlError("manifest", `allowed outbound host "${entry}" ${what}`);
}

/** Whether an entry made from a template says nothing: an empty variable switches it off. */
export function isSwitchedOff(entry: string): boolean {
  return ["", "http://", "https://"].includes(entry.trim());
}
