import { request } from "undici";
import { err, type HostInterface, ok, type Result } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import type { HttpContext, WasiContext } from "../../wasi/context.ts";
import { collectBytes } from "../../wasi/io/collect-bytes.ts";
import type { HttpError, OutboundCall, SpinRequest, SpinResponse } from "./outbound-call.ts";
import { nextRequest } from "./redirect.ts";

type Answer = Result<SpinResponse, HttpError>;

/** As the client that Spin uses. */
const redirectsMax = 10;

/** Sends a request whole and returns the response whole; the last of up to ten redirects. */
async function sendRequest({ http }: WasiContext, guest: SpinRequest): Promise<Answer> {
  const url = target(http, guest.uri);
  if (typeof url === "string") return err(url);
  const method = guest.method.toUpperCase();
  let call: OutboundCall = { method, url, headers: guest.headers, body: guest.body };
  try {
    for (let redirects = 0; ; redirects += 1) {
      const response = await send(http, call);
      const next = nextRequest(call, response);
      if (next === undefined) return ok(response);
      if (redirects === redirectsMax) return err<HttpError>("runtime-error");
      if (!isAllowed(http, next.url)) return err<HttpError>("destination-not-allowed");
      call = next;
    }
  } catch {
    // The interface has no case that would tell a guest more.
    return err<HttpError>("runtime-error");
  }
}

/** The address to ask, if it is one and permitted. */
function target(http: HttpContext, uri: string): URL | HttpError {
  if (uri.startsWith("/")) {
    const isSelfAllowed =
      http.isAllowed({ scheme: "http", authority: "" }) ||
      http.isAllowed({ scheme: "https", authority: "" });
    if (!isSelfAllowed) return "destination-not-allowed";
    if (http.selfOrigin === undefined) return "invalid-url";
    // Not resolved against the origin: `//host/` would name another one.
    return URL.parse(`${http.selfOrigin}${uri}`) ?? "invalid-url";
  }
  const url = URL.parse(uri);
  if (url !== null && isWeb(url)) return isAllowed(http, url) ? url : "destination-not-allowed";
  // Without a scheme it may be permitted, but cannot be asked; what is no address at all is on no
  // list either (same as Spin).
  const assumed = URL.parse(`https://${uri}`);
  return assumed !== null && isAllowed(http, assumed) ? "invalid-url" : "destination-not-allowed";
}

function isWeb({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}

function isAllowed(http: HttpContext, url: URL): boolean {
  const { protocol, host } = url;
  if (host === "" || !isWeb(url)) return false;
  return http.isAllowed({ scheme: protocol === "http:" ? "http" : "https", authority: host });
}

async function send(
  http: HttpContext,
  { method, url, headers, body }: OutboundCall,
): Promise<SpinResponse> {
  const response = await request(url, {
    method,
    headers: headers.filter(([name]) => !isOfConnection(name)).flat(),
    body: body ?? null,
    dispatcher: http.dispatcher(),
    headersTimeout: limits.outboundTimeoutMs,
    bodyTimeout: limits.outboundTimeoutMs,
  });
  return {
    status: response.statusCode,
    headers: textHeaders(response.headers),
    body: await whole(response.body),
  };
}

/** Fields that the host's own connection decides. */
function isOfConnection(name: string): boolean {
  return /^(?:host|connection|keep-alive|transfer-encoding|content-length|te|upgrade|expect)$/i.test(
    name,
  );
}

/** Values that are not ASCII have no form as a string here: they are left out (same as Spin). */
function textHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): [string, string][] {
  const list: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    for (const text of Array.isArray(value) ? value : [value ?? ""]) {
      if (/^[\t\u0020-\u007e]*$/.test(text)) list.push([name, text]);
    }
  }
  return list;
}

async function whole(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const bytes = await collectBytes(body, limits.bufferedBodyBytesMax);
  if (bytes !== undefined) return bytes;
  throw new RangeError(`a response exceeds ${limits.bufferedBodyBytesMax} bytes`);
}

/** fermyon:spin/http of Spin 1, without a version. */
export const httpV1: HostInterface<WasiContext> = {
  name: "fermyon:spin/http",
  version: undefined,
  functions: { "send-request": sendRequest },
  suspending: new Set(["send-request"]),
  resources: {},
};
