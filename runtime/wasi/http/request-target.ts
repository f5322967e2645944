import { isToken } from "./field-syntax.ts";
import { methodName } from "./method.ts";
import type { Method, Scheme } from "./method.ts";

/** What a guest may set as method: any token. */
export function isMethod(method: Method): boolean {
  return method.tag !== "other" || isToken(method.val);
}

/** What a guest may set as path with query: no blank, control character or fragment. */
export function isPathWithQuery(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return !/[\u0000-\u0020\u007f#]/.test(text);
}

/** What a guest may set as scheme (RFC 3986, 3.1). */
export function isScheme(scheme: Scheme): boolean {
  return scheme.tag !== "other" || /^[A-Za-z][A-Za-z0-9+\-.]*$/.test(scheme.val);
}

const authorityForm =
  /^(?:[^@/?#\\\s]*@)?(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]*)(?::(\d{1,5}))?$/;

/** What a guest may set as authority: `[user@]host[:port]`, the port a number of 16 bits. */
export function isAuthority(text: string): boolean {
  const match = text === "" ? null : authorityForm.exec(text);
  return match !== null && (match[1] === undefined || Number(match[1]) <= 0xffff);
}

/** Where a request goes. */
export interface RequestTarget {
  readonly method: string;
  readonly scheme: "http" | "https";
  /** In the form of a WHATWG URL, without user; empty for a request to the app itself. */
  readonly authority: string;
  /** Starts with `/`; ASCII. */
  readonly path: string;
}

/** What a guest has set on an outgoing-request. */
export interface RequestParts {
  readonly method: Method;
  readonly scheme: Scheme | undefined;
  readonly authority: string | undefined;
  readonly pathWithQuery: string | undefined;
}

/** Why there is no target: cases of `error-code`. */
export type TargetProblem =
  | "HTTP-protocol-error"
  | "HTTP-request-method-invalid"
  | "HTTP-request-URI-invalid";

/**
 * Puts the parts together: https without a scheme, and the app itself without a host or with the
 * host `self.alt`, which serves SDKs that insist on one. The authority that is checked against
 * permissions is the one that is connected to: both come from one parse.
 */
export function requestTarget(parts: RequestParts): RequestTarget | TargetProblem {
  const scheme = parts.scheme === undefined ? "https" : schemeOf(parts.scheme);
  if (scheme === undefined) return "HTTP-protocol-error";
  // Without a tunnel to hand out there is nothing that CONNECT could give.
  if (parts.method.tag === "connect") return "HTTP-request-method-invalid";
  const authority = authorityOf(scheme, parts.authority ?? "");
  if (authority === undefined) return "HTTP-request-URI-invalid";
  const method = methodName(parts.method);
  return { method, scheme, authority, path: pathOf(parts.pathWithQuery ?? "") };
}

function schemeOf(scheme: Scheme): "http" | "https" | undefined {
  const name = scheme.tag === "other" ? scheme.val.toLowerCase() : scheme.tag.toLowerCase();
  return name === "http" || name === "https" ? name : undefined;
}

function authorityOf(scheme: string, text: string): string | undefined {
  const host = text.slice(text.lastIndexOf("@") + 1);
  if (host === "" || host.startsWith(":")) return "";
  if (!URL.canParse(`${scheme}://${host}`)) return undefined;
  const url = new URL(`${scheme}://${host}`);
  return url.hostname === "self.alt" ? "" : url.host;
}

function pathOf(text: string): string {
  const path = text.startsWith("/") ? text : `/${text}`;
  // Characters that a header line cannot carry go as the bytes of their UTF-8.
  return path.replaceAll(/[^\u0021-\u007e]+/gu, encodeURIComponent);
}
