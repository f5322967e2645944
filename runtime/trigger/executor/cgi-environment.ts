import type { IncomingExchange } from "../../wasi/http/exchange.ts";

/**
 * The request headers that a CGI program does not get (RFC 3875, 4.1.18); `HTTP_PROXY` would send
 * the requests of many a program to where its client likes.
 */
const withheld: ReadonlySet<string> = new Set(["authorization", "connection", "proxy"]);

/** The one of the `spin-*` headers whose variable does not begin with `X_`. */
const pathInfoHeader = "spin-path-info";

/**
 * The environment of a CGI program (RFC 3875, as WAGI has it): one entry for each fact about the
 * request and each header line, `spin-*` headers as `X_*` and `PATH_INFO`.
 */
export function cgiEnvironment(exchange: IncomingExchange, bodyBytes: number): Map<string, string> {
  const { method, authority, pathWithQuery } = exchange;
  const headers = exchange.headers.map(([name, value]) => [name, text(value)] as const);
  const header = (name: string): string => headers.find(([each]) => each === name)?.[1] ?? "";
  const [path = "", query = ""] = splitOnce(pathWithQuery, "?");
  const pathInfo = header(pathInfoHeader);
  const [host, port] = hostAndPort(header("host") || authority);
  const remote = header("spin-client-addr")
    .replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "");
  const scriptName = pathInfo === "" ? path : path.slice(0, path.length - pathInfo.length);
  const environment = new Map([
    ["AUTH_TYPE", ""],
    ["CONTENT_LENGTH", String(bodyBytes)],
    ["CONTENT_TYPE", header("content-type")],
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["PATH_TRANSLATED", decoded(pathInfo)],
    ["QUERY_STRING", query],
    ["REMOTE_ADDR", remote],
    ["REMOTE_HOST", remote],
    ["REMOTE_USER", ""],
    ["REQUEST_METHOD", method],
    ["SCRIPT_NAME", scriptName],
    ["SERVER_NAME", host],
    ["SERVER_PORT", port],
    ["SERVER_PROTOCOL", "HTTP/1.1"],
    ["SERVER_SOFTWARE", "WAGI/1"],
    ["X_RAW_PATH_INFO", pathInfo],
  ]);
  for (const [name, value] of headers) {
    if (withheld.has(name)) continue;
    environment.set(environmentName(name), value);
  }
  return environment;
}

/** The arguments of the program: `${SCRIPT_NAME}` is the path, `${ARGS}` the query's parts. */
export function cgiArguments(argv: string, pathWithQuery: string): string[] {
  const [path = "", query = ""] = splitOnce(pathWithQuery, "?");
  return argv
    .replaceAll("${SCRIPT_NAME}", () => path)
    .replaceAll("${ARGS}", () => query.replaceAll("&", " "))
    .split(" ");
}

function environmentName(header: string): string {
  if (header === pathInfoHeader) return "PATH_INFO";
  const name = header.toUpperCase().replaceAll("-", "_");
  return name.startsWith("SPIN_") ? `X_${name.slice("SPIN_".length)}` : `HTTP_${name}`;
}

function hostAndPort(authority: string): [host: string, port: string] {
  const [, host = "localhost", port = "80"] = /^(.+?)(?::(\d+))?$/.exec(authority) ?? [];
  return [host, port];
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function splitOnce(whole: string, separator: string): string[] {
  const at = whole.indexOf(separator);
  return at === -1 ? [whole] : [whole.slice(0, at), whole.slice(at + 1)];
}

/** NUL ends strings in many a guest's environment. */
function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replaceAll("\0", "");
}
