import type { OutboundCall, SpinResponse } from "./outbound-call.ts";

/**
 * The request that a response asks for instead, undefined where it asks for none (RFC 9110, 15.4).
 * Credentials do not go on to another origin.
 */
export function nextRequest(call: OutboundCall, response: SpinResponse): OutboundCall | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.find(([name]) => name === "location")?.[1];
  const url = location === undefined ? null : URL.parse(location, call.url);
  if (url === null) return undefined;
  const isKept = response.status >= 307;
  const isSameOrigin = url.origin === call.url.origin;
  return {
    url,
    method: isKept || call.method === "HEAD" ? call.method : "GET",
    body: isKept ? call.body : undefined,
    headers: call.headers.filter(
      ([name]) => (isSameOrigin || !isCredential(name)) && (isKept || !isOfBody(name)),
    ),
  };
}

function isCredential(name: string): boolean {
  return /^(?:authorization|cookie|proxy-authorization|www-authenticate)$/i.test(name);
}

function isOfBody(name: string): boolean {
  return /^content-(?:type|encoding|language|location)$/i.test(name);
}
