import type { Readable } from "node:stream";
import type { HeaderList } from "../../wasi/http/exchange.ts";
import type { PlainResponse } from "./plain-response.ts";

/** What ServerResponse of node:http and ServerHttp2Stream of node:http2 have in common. */
export interface Outgoing {
  readonly destroyed: boolean;
  readonly writableNeedDrain: boolean;
  /** `written` is called when the bytes have left, or never will. */
  write(chunk: Uint8Array, written?: () => void): boolean;
  end(chunk?: Uint8Array): unknown;
  on(event: "drain" | "close", listener: () => void): unknown;
}

/**
 * How one protocol sends what a response needs. Stateless towards responses, so that one object
 * serves all of them. Nothing here throws for a peer that has gone.
 */
export interface Wire<T extends Outgoing> {
  /**
   * Prepares status and headers (alternating lower-case names and values); they leave with the
   * first body bytes or at {@link flushHead}. Throws for what is not HTTP.
   */
  head(response: T, head: ResponseHead): void;
  flushHead(response: T): void;
  /** Called once, before the end of a body. */
  trailers(response: T, trailers: HeaderList): void;
  /** Head and body together, instead of {@link head} and all that follows. Throws as it does. */
  whole(response: T, head: ResponseHead, body: Uint8Array): void;
  /** The whole answer of no guest. */
  plain(response: T, plain: PlainResponse): void;
  /** Breaks an unfinished response off so that the peer notices. */
  abort(response: T): void;
  /** Ends the exchange without an answer. */
  drop(response: T): void;
  /** Nobody reads the request's body any more. */
  discardBody(response: T): void;
}

export interface ResponseHead {
  readonly status: number;
  readonly headers: string[];
  /** False where HTTP forbids a body: HEAD, 204, 304. */
  readonly hasBody: boolean;
  /** Whether it announces trailers, for which HTTP/1 needs chunks. */
  readonly hasTrailerField: boolean;
}

/** One request as a protocol's adapter took it from its connection. */
export interface Inbound<T extends Outgoing> {
  readonly wire: Wire<T>;
  readonly response: T;
  readonly method: string;
  readonly scheme: "http" | "https";
  /** Of the request line, or `:path`. */
  readonly target: string;
  /** Of `:authority`. */
  readonly authority: string | undefined;
  /** Of the Host header. */
  readonly host: string | undefined;
  /** Alternating names and values, one character per byte. */
  readonly rawHeaders: readonly string[];
  readonly body: Readable | undefined;
  /** Filled when the body has ended. */
  readonly trailers: { readonly rawTrailers: readonly string[] };
  readonly peer: Peer;
}

/** The other end of a connection; undefined once the connection is closed. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  /** Whatever was bound to the connection by who handed it over (see HttpConnections.adopt). */
  readonly origin?: object | undefined;
}
