import type { IncomingMessage, ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import Negotiator from "negotiator";

/** A file of the console's page. */
export interface ConsoleFile {
  readonly bytes: Uint8Array;
  /** `text/html; charset=utf-8`. */
  readonly type: string;
  /** How `bytes` are encoded; plain where not given. */
  readonly encoding?: "gzip";
}

/** By path: `/index.html`, `/app-1A2B3C4D.js`. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

/** The page runs what it brings along, talks to this server, and is shown in no other page. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** Of every answer, whatever it is. */
export const safeHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** The file for a path: addresses within the page, which have no dot, lead to the page itself. */
export function consoleFile(files: ConsoleFiles, path: string): ConsoleFile | undefined {
  const found = files.get(path === "/" ? "/index.html" : path);
  if (found !== undefined) return found;
  return path.includes(".") ? undefined : files.get("/index.html");
}

/** Names that hold a hash of the content, as bundlers make them: `app-1A2B3C4D.js`. */
const hashedName = /[-.][0-9A-Za-z_]{8,}\.[a-z0-9]+$/;

const unpacked = new WeakMap<ConsoleFile, Uint8Array>();

function plainBytes(file: ConsoleFile): Uint8Array {
  let bytes = unpacked.get(file);
  if (bytes === undefined) {
    bytes = gunzipSync(file.bytes);
    unpacked.set(file, bytes);
  }
  return bytes;
}

/** Sends a file; one whose name changes with its content may be kept for ever. */
export function sendConsoleFile(
  request: Pick<IncomingMessage, "headers">,
  response: ServerResponse,
  { path, file }: { readonly path: string; readonly file: ConsoleFile },
): void {
  const isForEver = hashedName.test(path);
  const { type, encoding } = file;
  // Browsers take it; somebody who looks with a simple client does not.
  const isPlain =
    encoding !== undefined && !new Negotiator(request).encodings([encoding]).includes(encoding);
  const bytes = isPlain ? plainBytes(file) : file.bytes;
  response.writeHead(200, {
    ...safeHeaders,
    "content-type": type,
    "content-length": bytes.byteLength,
    "cache-control": isForEver ? "public, max-age=31536000, immutable" : "no-store",
    ...(encoding === undefined ? {} : { vary: "accept-encoding" }),
    ...(encoding === undefined || isPlain ? {} : { "content-encoding": encoding }),
  });
  response.end(bytes);
}
