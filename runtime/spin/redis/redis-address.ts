import { parseOutboundUrl } from "../network/outbound-url.ts";

/** A Redis server and how to log in there. */
export interface RedisAddress {
  /** As allowed_outbound_hosts sees it. */
  readonly scheme: string;
  readonly host: string;
  /** Undefined for the default port. */
  readonly port: number | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Number of the database. */
  readonly database: number;
  readonly tls: "none" | "verified" | "unverified";
}

/** The port of Redis where an address has none. */
export const redisPort = 6379;

const schemes: Readonly<Record<string, "plain" | "tls">> = {
  redis: "plain",
  valkey: "plain",
  rediss: "tls",
  valkeys: "tls",
};

/**
 * Reads `redis[s]://[user][:password@]host[:port][/database][#insecure]`. Undefined for anything
 * else, Unix sockets among them.
 */
export function parseRedisAddress(address: string): RedisAddress | undefined {
  const target = parseOutboundUrl(address, "redis");
  if (target === undefined || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  const kind = schemes[target.scheme];
  const database = /^\/?$/.test(url.pathname) ? 0 : Number(/^\/(\d{1,9})$/.exec(url.pathname)?.[1]);
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (kind === undefined || url.hostname === "" || Number.isNaN(database)) return undefined;
  if (username === undefined || password === undefined) return undefined;
  return {
    ...target,
    username: username === "" ? undefined : username,
    password: password === "" ? undefined : password,
    database,
    tls: kind === "plain" ? "none" : url.hash === "#insecure" ? "unverified" : "verified",
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
