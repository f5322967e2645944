import type { HeaderList } from "../../wasi/http/exchange.ts";
import { isServiceChainingHost } from "./request-target.ts";
import type { Route, RouteMatch } from "./router.ts";

type HeaderLine = HeaderList[number];

/** Facts about one request that guests learn as `spin-*` headers. */
export interface RequestFacts {
  readonly match: RouteMatch;
  /** Of {@link routeHeaders}. */
  readonly routeHeaders: RouteHeaders;
  /** `http://host/path?query`. */
  readonly fullUrl: string;
  /** `ip:port`. */
  readonly clientAddress: string;
}

/** The header lines that are the same for all requests of one route. */
export interface RouteHeaders {
  readonly matchedRoute: HeaderLine;
  readonly basePath: HeaderLine;
  readonly rawComponentRoute: HeaderLine;
  readonly componentRoute: HeaderLine;
}

/** Made once for each route, for {@link requestHeaders}. */
export function routeHeaders(route: Route): RouteHeaders {
  return {
    matchedRoute: line("spin-matched-route", route.matchedRoute),
    basePath: line("spin-base-path", "/"),
    rawComponentRoute: line("spin-raw-component-route", route.rawRoute),
    componentRoute: line("spin-component-route", route.componentRoute),
  };
}

/**
 * The headers that a guest sees: the client's without `Connection`, without a `Host` that names a
 * component, and without `spin-*` (a guest must be able to believe those), followed by the `spin-*`
 * headers. `rawHeaders` are alternating names and values, one character per byte; pseudo-headers
 * of HTTP/2 are left out.
 */
export function requestHeaders(rawHeaders: readonly string[], facts: RequestFacts): HeaderList {
  const headers = clientHeaders(rawHeaders);
  const route = facts.routeHeaders;
  headers.push(
    line("spin-path-info", facts.match.pathInfo),
    line("spin-full-url", facts.fullUrl),
    route.matchedRoute,
    route.basePath,
    route.rawComponentRoute,
    route.componentRoute,
    line("spin-client-addr", facts.clientAddress),
  );
  for (const [name, value] of facts.match.params) {
    headers.push(line(`spin-path-match-${name.toLowerCase().replaceAll("_", "-")}`, value));
  }
  return headers;
}

/** Alternating names and values as header lines: names in lower case, values as bytes. */
export function headerLines(rawHeaders: readonly string[]): HeaderList {
  const lines: HeaderLine[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    lines.push([name, Buffer.from(rawHeaders[i + 1] as string, "latin1")]);
  }
  return lines;
}

function clientHeaders(rawHeaders: readonly string[]): HeaderLine[] {
  const lines: HeaderLine[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    if (isWithheld(name, value)) continue;
    lines.push([name, Buffer.from(value, "latin1")]);
  }
  return lines;
}

function isWithheld(name: string, value: string): boolean {
  if (name === "host") return isServiceChainingHost(value);
  return name === "connection" || name.startsWith("spin-") || name.startsWith(":");
}

function line(name: string, value: string): HeaderLine {
  return [name, Buffer.from(value, "utf8")];
}
