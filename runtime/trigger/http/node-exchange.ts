import type { Readable } from "node:stream";
import type { HeaderList, IncomingExchange } from "../../wasi/http/exchange.ts";
import { headerLines, requestHeaders } from "./request-headers.ts";
import type { RouteHeaders } from "./request-headers.ts";
import type { RequestTarget } from "./request-target.ts";
import type { RouteMatch } from "./router.ts";
import type { Inbound, Outgoing, Peer } from "./wire.ts";

/** What routing found out about a request. */
export interface Routed {
  readonly target: RequestTarget;
  readonly authority: string;
  readonly match: RouteMatch;
  readonly routeHeaders: RouteHeaders;
}

/** A request that arrived over HTTP. Headers are converted only when the guest asks for them. */
export class NodeExchange implements IncomingExchange {
  readonly #inbound: Inbound<Outgoing>;
  readonly #routed: Routed;
  #headers: HeaderList | undefined;

  constructor(inbound: Inbound<Outgoing>, routed: Routed) {
    this.#inbound = inbound;
    this.#routed = routed;
  }

  get method(): string {
    return this.#inbound.method;
  }

  get scheme(): "http" | "https" {
    return this.#inbound.scheme;
  }

  get authority(): string {
    return this.#routed.authority;
  }

  get pathWithQuery(): string {
    return this.#routed.target.pathWithQuery;
  }

  get headers(): HeaderList {
    return (this.#headers ??= this.#makeHeaders());
  }

  get body(): Readable | undefined {
    return this.#inbound.body;
  }

  trailers(): HeaderList {
    return headerLines(this.#inbound.trailers.rawTrailers);
  }

  #makeHeaders(): HeaderList {
    const { scheme, rawHeaders, peer } = this.#inbound;
    const { authority, target, match, routeHeaders } = this.#routed;
    return requestHeaders(rawHeaders, {
      match,
      routeHeaders,
      fullUrl: `${scheme}://${authority}${target.pathWithQuery}`,
      clientAddress: clientAddress(peer),
    });
  }
}

/** `ip:port`, as Spin writes it: IPv6 in brackets, zeros for a client that has gone. */
function clientAddress({ remoteAddress, remotePort }: Peer): string {
  if (remoteAddress === undefined || remotePort === undefined) return "0.0.0.0:0";
  const host = remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress;
  return `${host}:${remotePort}`;
}
