import { trap } from "../../error.ts";
import type { HeaderList } from "../../wasi/http/exchange.ts";
import { fieldName, isFieldValue, latin1 } from "../../wasi/http/field-syntax.ts";
import type { ResponseHead } from "./wire.ts";

/** Names that describe the connection and not the response: the server's, not the guest's. */
const connectionNames: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/**
 * A guest's response head as the protocols take it. Throws WhorlError `trap` for a status that is
 * no final one and for a content-length that is no number or contradicts another.
 */
export function responseHead(
  method: string,
  status: number,
  headers: HeaderList,
): { readonly head: ResponseHead; readonly contentLength: number | undefined } {
  if (status < 200 || status > 999) {
    trap(`${status} is not the status of a response; use 200 to 999`);
  }
  const flat: string[] = [];
  let contentLength: number | undefined;
  let hasTrailerField = false;
  for (let index = 0; index < headers.length; index++) {
    const [name, bytes] = headers[index] as HeaderList[number];
    if (connectionNames.has(name)) continue;
    const value = latin1(bytes);
    if (name === "content-length") {
      const length = parseLength(value);
      if (contentLength === length) continue;
      if (contentLength !== undefined) trap("the response has two different content-lengths");
      contentLength = length;
    }
    if (name === "trailer") hasTrailerField = true;
    flat.push(name, value);
  }
  const hasBody = method !== "HEAD" && status !== 204 && status !== 304;
  return { head: { status, headers: flat, hasBody, hasTrailerField }, contentLength };
}

/** Beside the connection's: framing, and what only a request has (RFC 9110, 6.5.1). */
const noTrailerNames: ReadonlySet<string> = new Set(["content-length", "host", "te", "trailer"]);

/**
 * A guest's trailers as the protocols take them, without those that would speak of the connection
 * or of where the body ends. Throws WhorlError `trap` for a name or value that HTTP cannot carry.
 */
export function trailerLines(trailers: HeaderList): [string, string][] {
  const lines: [string, string][] = [];
  for (const [name, bytes] of trailers) {
    if (connectionNames.has(name) || noTrailerNames.has(name)) continue;
    if (fieldName(name) !== name || !isFieldValue(name, bytes)) {
      trap(`the trailer ${JSON.stringify(name)} cannot be sent: it is not valid HTTP`);
    }
    lines.push([name, latin1(bytes)]);
  }
  return lines;
}

function parseLength(value: string): number {
  const length = /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  return length ?? trap(`"${value}" is not a content-length`);
}
