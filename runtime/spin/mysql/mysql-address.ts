import { parseOutboundUrl } from "../network/outbound-url.ts";

export interface MysqlAddress {
  readonly scheme: string;
  readonly host: string;
  /** Undefined for 3306. */
  readonly port: number | undefined;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly isSecure: boolean;
}

/**
 * Reads `mysql://user:password@host:port/database?ssl-mode=...`. TLS is used unless `ssl-mode` (or
 * `sslmode`) is absent or `disabled`. Throws for anything else.
 */
export function parseMysqlAddress(address: string): MysqlAddress {
  const target = parseOutboundUrl(address, "mysql");
  if (target === undefined || !URL.canParse(address)) throw new Error("invalid URL");
  const url = new URL(address);
  if (target.scheme !== "mysql") throw new Error(`unsupported scheme "${target.scheme}"`);
  let isSecure = false;
  for (const [key, value] of url.searchParams) {
    if (!/^ssl-?mode$/i.test(key)) throw new Error(`unknown URL parameter "${key}"`);
    isSecure ||= value.toLowerCase() !== "disabled";
  }
  return {
    ...target,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    isSecure,
  };
}
