import type { App, HttpTrigger } from "../../app/app.ts";
import { errorText, WhorlError } from "../../error.ts";
import { nodeHttp } from "../../node-http.ts";
import { wellKnownPrefix } from "./router.ts";

/** A response that no component makes. */
export interface PlainResponse {
  readonly status: number;
  /** Alternating names and values. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/** What `/.well-known/spin/info` shows. */
export type AppInfo = Pick<App, "name" | "version" | "ociImageDigest">;

/** Status and nothing else. */
export function emptyResponse(status: number): PlainResponse {
  return { status, headers: ["content-length", "0"], body: new Uint8Array(0) };
}

/**
 * The response of a trigger with `static_response`. Throws WhorlError `manifest` for a status or
 * header that HTTP cannot carry.
 */
export function staticResponse(
  target: Extract<HttpTrigger["target"], { kind: "static" }>,
  origin: string,
): PlainResponse {
  // The length is the runtime's to say, whatever the manifest says.
  const given = target.headers.filter(([name]) => !framing.has(name.toLowerCase()));
  if (target.status < 200 || target.status > 599) {
    throw new WhorlError("manifest", `${origin}: ${target.status} is no status; use 200 to 599`);
  }
  const headers = given.flatMap(([name, value]) => [name, Buffer.from(value).toString("latin1")]);
  checkHeaders(headers, origin);
  return response(target.status, headers, target.body);
}

/** What is answered below `/.well-known/spin/`, by path; any other path there is 404. */
export function wellKnownResponses(app: AppInfo): ReadonlyMap<string, PlainResponse> {
  const info = {
    name: app.name,
    ...(app.version === undefined ? {} : { version: app.version }),
    ...(app.ociImageDigest === undefined ? {} : { oci_image_digest: app.ociImageDigest }),
  };
  const json = Buffer.from(JSON.stringify(info, undefined, 2));
  return new Map([
    [`${wellKnownPrefix}health`, response(200, [], Buffer.from("OK"))],
    [`${wellKnownPrefix}info`, response(200, ["content-type", "application/json"], json)],
  ]);
}

const framing: ReadonlySet<string> = new Set([
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "upgrade",
]);

function checkHeaders(headers: readonly string[], origin: string): void {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    try {
      nodeHttp.validateHeaderName(name);
      nodeHttp.validateHeaderValue(name, headers[i + 1] as string);
    } catch (error) {
      const message = `${origin}: header "${name}" cannot be sent: ${errorText(error)}`;
      throw new WhorlError("manifest", message, { cause: error });
    }
  }
}

function response(status: number, given: readonly string[], body: Uint8Array): PlainResponse {
  const noLength = status === 204 || status === 304;
  const headers = noLength ? given : [...given, "content-length", String(body.length)];
  return { status, headers, body };
}
