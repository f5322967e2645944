/** The request line's target, taken apart. */
export interface RequestTarget {
  /** Without query, not decoded. */
  readonly path: string;
  /** Without fragment, not decoded. */
  readonly pathWithQuery: string;
  /** Of the absolute form (`GET http://host/ HTTP/1.1`). */
  readonly authority: string | undefined;
}

/**
 * Takes the target of a request apart (RFC 9112, 3.2: origin, absolute and asterisk form).
 * `target` has one character per byte; paths come back as the text that the bytes are in UTF-8.
 * Undefined for anything else.
 */
export function parseRequestTarget(target: string): RequestTarget | undefined {
  const text = decodeUtf8(target);
  if (text === undefined) return undefined;
  if (text.charCodeAt(0) === slash || text === "*") return withPath(text, undefined);
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)(.*)$/i.exec(text);
  if (absolute === null) return undefined;
  const [, authority, rest = ""] = absolute;
  return withPath(rest.startsWith("/") ? rest : `/${rest}`, authority);
}

function withPath(text: string, authority: string | undefined): RequestTarget {
  const fragment = text.indexOf("#");
  const pathWithQuery = fragment === -1 ? text : text.slice(0, fragment);
  const query = pathWithQuery.indexOf("?");
  const path = query === -1 ? pathWithQuery : pathWithQuery.slice(0, query);
  return { path, pathWithQuery, authority };
}

function decodeUtf8(text: string): string | undefined {
  if (!/[\u0080-\u00ff]/.test(text)) return text;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(text, "latin1"));
  } catch {
    return undefined;
  }
}

/**
 * The authority that a request is for. `host` is the Host header, `target` the authority of the
 * request line (HTTP/1.1) or `:authority` (HTTP/2). Undefined when there is none, when both are
 * there and differ, or when it is not an authority: such a request is not answered.
 */
export function requestAuthority(
  host: string | undefined,
  target: string | undefined,
): string | undefined {
  const authority = host ?? target;
  if (authority === undefined || !authorityForm.test(authority)) return undefined;
  if (host === undefined || target === undefined || host === target) return authority;
  return host.toLowerCase() === target.toLowerCase() ? authority : undefined;
}

/**
 * Whether a Host header names a component of an app (`<component>.spin.internal`). Only service
 * chaining may: from outside it counts as absent.
 */
export function isServiceChainingHost(host: string): boolean {
  return chainedComponent(host) !== undefined;
}

/** The component that `<component>.spin.internal[:port]` names; undefined for any other host. */
export function chainedComponent(host: string): string | undefined {
  if (host.length <= chainingSuffix.length) return undefined;
  return /^([^.]+)\.spin\.internal(?::\d*)?$/i.exec(host)?.[1];
}

const slash = 47;
const chainingSuffix = ".spin.internal";
/** RFC 3986, 3.2: `[user@]host[:port]`. */
const authorityForm =
  /^(?:[\w\-.~%!$&'()*+,;=:]*@)?(?:\[[0-9A-Fa-f:.]+\]|[\w\-.~%!$&'()*+,;=]+)(?::\d{0,5})?$/;
