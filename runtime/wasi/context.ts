import type { Dispatcher } from "undici";
import type { InputStream, OutputStream } from "./io/streams.ts";
import type { GuestNetwork } from "./sockets/guest-network.ts";

/**
 * What one guest instance may see and use. Made by the embedder for each instance; the parts of
 * each group of interfaces are declared beside their implementation.
 */
export interface WasiContext {
  readonly cli: CliContext;
  readonly clocks: ClocksContext;
  readonly random: RandomContext;
  readonly filesystem: FilesystemContext;
  readonly sockets: SocketsContext;
  readonly http: HttpContext;
}

export interface CliContext {
  readonly environment: readonly (readonly [string, string])[];
  readonly arguments: readonly string[];
  readonly stdin: () => InputStream;
  readonly stdout: () => OutputStream;
  readonly stderr: () => OutputStream;
  /** Which of the three are terminals. */
  readonly terminal: {
    readonly stdin: boolean;
    readonly stdout: boolean;
    readonly stderr: boolean;
  };
}

export interface ClocksContext {
  /** Nanoseconds, never going back. */
  monotonicNs(): bigint;
  /** Nanoseconds since 1970. */
  wallNs(): bigint;
}

export interface RandomContext {
  /** Cryptographically secure bytes. */
  bytes(length: number): Uint8Array;
}

export interface FilesystemContext {
  /** What wasi:filesystem/preopens gives: host directory and the guest's name of it. */
  readonly preopens: readonly Preopen[];
}

export interface Preopen {
  readonly hostPath: string;
  readonly guestPath: string;
  readonly writable: boolean;
}

/** A folder for components of an app beside their own files. */
export interface Mount extends Preopen {
  /** Ids of those that see it; all where not given. */
  readonly components?: readonly string[];
}

export interface SocketsContext {
  /** Decides over each address before it is used; `host` is an IP address. */
  isAllowed(
    use: "tcp-connect" | "tcp-bind" | "udp-bind" | "udp-connect" | "udp-send",
    host: string,
    port: number,
  ): boolean;
  /** Whether wasi:sockets/ip-name-lookup resolves names; it fails permanently otherwise. */
  readonly nameLookup: boolean;
  /** Where its sockets are; those of the process where there is none. */
  readonly network?: GuestNetwork | undefined;
  /** The right to one more TCP connection, waited for; call the result when it has ended. */
  readonly connectionPermit?: (() => (() => void) | Promise<() => void>) | undefined;
}

export interface OutboundRequest {
  readonly method: string;
  readonly scheme: "http" | "https";
  /** `host[:port]`; empty for a relative ("self") request. */
  readonly authority: string;
  readonly pathWithQuery: string;
  readonly headers: readonly (readonly [string, Uint8Array])[];
}

export interface HttpContext {
  /** Decides over an outgoing request; a refused one fails with HTTP-request-denied. */
  isAllowed(request: Pick<OutboundRequest, "scheme" | "authority">): boolean;
  /** `http://host:port` of this app's own listener, for relative requests; undefined if none. */
  readonly selfOrigin: string | undefined;
  /**
   * Sends outgoing requests; one per process or app (see wasi/http/outbound-agent.ts). A function,
   * so that an instance that sends nothing loads nothing.
   */
  dispatcher(): Dispatcher;
  /** Told of every outgoing request before it is sent, if anybody wants to know. */
  outbound?(request: OutboundStart): OutboundObserver;
}

/** An outgoing request that is about to be sent. */
export interface OutboundStart {
  readonly method: string;
  /** `https://host:port`. */
  readonly origin: string;
  /** Path with query. */
  readonly path: string;
}

/** Watches one outgoing request. */
export interface OutboundObserver {
  /** The header lines (alternating names and values) to send instead of these. */
  headers(lines: string[]): string[];
  /** The head of its answer is there, or it failed. Once. */
  end(status: number | undefined, error?: string): void;
}
