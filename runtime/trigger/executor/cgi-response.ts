import { trap } from "../../error.ts";
import { limits } from "../../limits.ts";
import type { BufferedResponse } from "./buffered-body.ts";

const carriageReturn = 13;
const lineFeed = 10;

/**
 * What a CGI program wrote, as a response (RFC 3875, 6): header lines up to an empty one, then the
 * body. `status` gives the status, `location` alone 302; of a name that occurs twice the last value
 * counts. Throws `trap` for output that is no CGI response.
 */
export function cgiResponse(output: Uint8Array): BufferedResponse {
  if (output.length === 0)
    trap("a WAGI program has to write a response to stdout; it wrote nothing");
  const { head, body } = split(output);
  const headers = new Map<string, string>();
  let status: number | undefined;
  for (const line of head.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === -1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "status") status = parseStatus(value);
    else if (/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) headers.set(name, value);
  }
  const hasLocation = headers.has("location");
  if (status === undefined && !hasLocation && !headers.has("content-type")) {
    trap("a WAGI program has to set content-type, status or location");
  }
  return {
    status: status ?? (hasLocation ? 302 : 200),
    headers: [...headers].map(([name, value]) => [name, Buffer.from(value)] as const),
    body,
  };
}

/** `404 Not Found` as 404; what is no status is the gateway's fault. */
function parseStatus(value: string): number {
  const code = Number(/^(\d{3})(?: |$)/.exec(value)?.[1] ?? Number.NaN);
  return code >= 200 && code <= 999 ? code : 502;
}

/** The head ends with the first empty line; carriage returns in it do not count. */
function split(output: Uint8Array): { readonly head: string; readonly body: Uint8Array } {
  const end = headEnd(output);
  if (end > limits.headersBytesMax) {
    trap(
      `a WAGI program has written more than ${limits.headersBytesMax} bytes before an empty line; ` +
        "it has to write the headers of its response first",
    );
  }
  const head = new TextDecoder().decode(output.subarray(0, end)).replaceAll("\r", "");
  return { head, body: output.subarray(end + 1) };
}

/** Where the line feed of the first empty line is that does not come first of all. */
function headEnd(output: Uint8Array): number {
  let before: number | undefined;
  for (let at = 0; at < output.length; at++) {
    const byte = output[at];
    if (byte === carriageReturn) continue;
    if (byte === lineFeed && before === lineFeed) return at;
    before = byte;
  }
  return output.length;
}
