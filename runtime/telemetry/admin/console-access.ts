import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { ConsoleView } from "./console-view.ts";

/** Whether a request may see what an app does. */
export type AccessVerdict =
  | {
      readonly kind: "granted";
      /** What this one may see, where not everybody sees the same; the same object while that holds. */
      readonly view?: ConsoleView | undefined;
    }
  /** 401: who asks is not known. */
  | { readonly kind: "unauthorized"; readonly reason: string }
  /** 403: who asks is known, or the way in which it is asked is not permitted. */
  | { readonly kind: "forbidden"; readonly reason: string }
  /** 503: it cannot be found out now. */
  | { readonly kind: "busy"; readonly reason: string };

/** Decides by the token that came with a request, `undefined` without one. */
export type AuthorizeToken = (token: string | undefined) => AccessVerdict | Promise<AccessVerdict>;

const granted: AccessVerdict = { kind: "granted" };

/** Grants access to whoever has this token. Compared in constant time. */
export function tokenAccess(token: string): AuthorizeToken {
  const wanted = digest(token);
  return (given) => {
    if (given === undefined) return { kind: "unauthorized", reason: "no token" };
    if (timingSafeEqual(digest(given), wanted)) return granted;
    return { kind: "unauthorized", reason: "a wrong token" };
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

const bearerForm = /^Bearer ([\w.~+/=-]{1,8192})$/i;

/** The token of `Authorization: Bearer`. */
export function bearerToken({ authorization }: IncomingHttpHeaders): string | undefined {
  return bearerForm.exec(authorization ?? "")?.[1];
}

/**
 * Refuses what a page of somebody else could make a browser send. A name that a stranger's DNS
 * resolves to this machine ("DNS rebinding") comes as `Host`: so that has to be an address, this
 * machine, or a name that whoever started the console has given. An `Origin` has to be this very
 * server.
 */
export function foreignRequest(
  headers: IncomingHttpHeaders,
  hostNames: readonly string[],
): AccessVerdict | undefined {
  const host = headers.host ?? "";
  const name = hostName(host);
  if (name === undefined || !isOwnName(name, hostNames)) {
    return { kind: "forbidden", reason: `the Host "${host}" is not the console's` };
  }
  const { origin } = headers;
  if (origin !== undefined && URL.parse(origin)?.host !== URL.parse(`http://${host}`)?.host) {
    return { kind: "forbidden", reason: `the Origin "${origin}" is not the console's` };
  }
  const site = headers["sec-fetch-site"];
  if (site === "cross-site" || site === "same-site") {
    return { kind: "forbidden", reason: `sent by another site's page (${site})` };
  }
  return undefined;
}

const hostForm = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9.-]{1,253}))(?::\d{1,5})?$/;

/** Without port and brackets, lower-case; undefined for what is no host. */
function hostName(host: string): string | undefined {
  const [, ip6, name] = hostForm.exec(host) ?? [];
  return (ip6 ?? name)?.toLowerCase();
}

function isOwnName(name: string, hostNames: readonly string[]): boolean {
  if (isIP(name) !== 0) return true;
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return hostNames.some((each) => each.toLowerCase() === name);
}
