import type { Readable } from "node:stream";
import type { HeaderList, IncomingExchange } from "../../wasi/http/exchange.ts";
import { requestHeaders, routeHeaders } from "../http/request-headers.ts";
import type { RouteMatch } from "../http/router.ts";

/** A request as the calling component made it. */
export interface ChainedRequest {
  readonly method: string;
  readonly scheme: "http" | "https";
  /** `<component>.spin.internal` with the port, if there is one. */
  readonly authority: string;
  readonly pathWithQuery: string;
  /** Alternating names and values. */
  readonly rawHeaders: readonly string[];
  readonly body: Readable | undefined;
}

/** A request that came from another component of the app, as if its route were `/...`. */
export class ChainedExchange implements IncomingExchange {
  readonly #request: ChainedRequest;
  #headers: HeaderList | undefined;

  constructor(request: ChainedRequest) {
    this.#request = request;
  }

  get method(): string {
    return this.#request.method;
  }

  get scheme(): "http" | "https" {
    return this.#request.scheme;
  }

  get authority(): string {
    return this.#request.authority;
  }

  get pathWithQuery(): string {
    return this.#request.pathWithQuery;
  }

  get headers(): HeaderList {
    return (this.#headers ??= this.#makeHeaders());
  }

  get body(): Readable | undefined {
    return this.#request.body;
  }

  trailers(): HeaderList {
    return [];
  }

  #makeHeaders(): HeaderList {
    const { rawHeaders, scheme, authority, pathWithQuery } = this.#request;
    const pathInfo = pathWithQuery.split("?", 1)[0] ?? "";
    const match: RouteMatch = { ...everything, pathInfo };
    return requestHeaders(rawHeaders, {
      match,
      routeHeaders: routeHeaders(everything.route),
      fullUrl: `${scheme}://${authority}${pathWithQuery}`,
      clientAddress: "0.0.0.0:0",
    });
  }
}

/** The match of a route that takes every path. */
const everything: Omit<RouteMatch, "pathInfo"> = {
  route: {
    trigger: { id: "", route: "/...", target: { kind: "component", component: "" } },
    rawRoute: "/...",
    matchedRoute: "/...",
    componentRoute: "",
  },
  params: [],
};
