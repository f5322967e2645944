import { extname } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Media type of a file of the page. */
export function contentTypeOf(name: string): string {
  return types[extname(name)] ?? "application/octet-stream";
}
