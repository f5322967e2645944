import type { Readable } from "node:stream";
import type { OutputStream } from "../io/streams.ts";

/** Header lines in order: lower-case name, value bytes. */
export type HeaderList = readonly (readonly [string, Uint8Array])[];

/** One request as a trigger received it: what wasi:http's incoming-request shows the guest. */
export interface IncomingExchange {
  /** As on the wire: `GET`. */
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly authority: string;
  /** Path with query, not decoded. */
  readonly pathWithQuery: string;
  readonly headers: HeaderList;
  /** Undefined when the request has none: no stream has to be made for it. */
  readonly body: Readable | undefined;
  /** Trailers, known once `body` has ended. */
  trailers(): HeaderList;
}

/** Where the answer of one request goes. Implemented by the HTTP trigger over node:http. */
export interface ResponseSink {
  /**
   * Sends status and headers; at most once. The stream takes the body: its dispose() ends nothing,
   * only {@link finish} and {@link abort} do.
   */
  head(status: number, headers: HeaderList): OutputStream;
  /** The body is complete. */
  finish(trailers: HeaderList): void;
  /**
   * The guest will not complete the body (or never sent a head): the peer must notice. `error`, where
   * there is one, tells what it is to be told.
   */
  abort(reason: string, error?: unknown): void;
}
