import { limits } from "../limits.ts";

/** What the beginning of a connection says about whom it is for. */
export type HeadFinding =
  /** The value of the Host header. */
  | { readonly kind: "host"; readonly host: string }
  /** More has to arrive. */
  | { readonly kind: "incomplete" }
  /** Nothing that is HTTP/1 with a host: whoever parses it will know. */
  | { readonly kind: "other" };

const endOfHead = "\r\n\r\n";
const http2Preface = "PRI * HTTP/2.0\r\n";
/** RFC 9110, 7.2; what a proxy or an attacker adds twice is refused by who parses it. */
const hostLine = /\r\nhost:([^\r\n]*)\r\n/i;

/** Looks for the Host header of an HTTP/1 request in the first bytes of a connection. */
export function findHost(bytes: Uint8Array): HeadFinding {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  if (http2Preface.startsWith(text.slice(0, http2Preface.length))) {
    return text.length < http2Preface.length ? { kind: "incomplete" } : { kind: "other" };
  }
  const end = text.indexOf(endOfHead);
  const head = end === -1 ? text : text.slice(0, end + 2);
  const host = hostLine.exec(head)?.[1];
  if (host !== undefined) return { kind: "host", host: host.trim() };
  if (end !== -1 || bytes.length >= limits.headersBytesMax) return { kind: "other" };
  return { kind: "incomplete" };
}

/**
 * The app that a host name means: its first label, in lower case. `shop.localhost:3000` and `shop`
 * are `shop`. Undefined for an address.
 */
export function appOfHost(host: string): string | undefined {
  const [, label] = /^([a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)(?:\.|:|$)/i.exec(host) ?? [];
  if (label === undefined || /^\d+(?:\.\d+){3}(?::|$)/.test(host)) return undefined;
  return label.toLowerCase();
}

/** Whether an app of this name can be meant by a host name (RFC 1123, and the underscore). */
export function isAppName(name: string): boolean {
  return name.length <= 63 && appOfHost(name) === name;
}
