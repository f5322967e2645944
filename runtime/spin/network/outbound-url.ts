/** Where an address of a guest leads, as far as allowed_outbound_hosts is concerned. */
export interface OutboundUrl {
  /** Lower case, without a colon. */
  readonly scheme: string;
  /** IPv6 addresses without brackets. */
  readonly host: string;
  readonly port: number | undefined;
}

/**
 * Reads scheme, host and port of an address. Without a scheme, `defaultScheme` counts. User and
 * password may hold characters that a URL does not allow. Undefined for what has no host.
 */
export function parseOutboundUrl(address: string, defaultScheme: string): OutboundUrl | undefined {
  const hidden = hideLogin(address);
  const parsed = parseUrl(hidden) ?? parseUrl(`${defaultScheme}://${hidden}`);
  if (parsed === undefined) return undefined;
  return {
    scheme: parsed.protocol.slice(0, -1),
    host: decodeURIComponent(parsed.hostname).replace(/^\[(.*)\]$/, "$1"),
    port: parsed.port === "" ? undefined : Number(parsed.port),
  };
}

/** Encodes user and password, which play no role here. */
function hideLogin(address: string): string {
  const at = address.indexOf("@");
  if (at === -1) return address;
  const separator = address.indexOf("://");
  const start = separator === -1 ? 0 : separator + 3;
  const path = address.indexOf("/", start);
  if (at < start || (path !== -1 && path < at)) return address;
  return address.slice(0, start) + encodeURIComponent(address.slice(start, at)) + address.slice(at);
}

function parseUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.hostname === "" || !isDecodable(url.hostname) ? undefined : url;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
