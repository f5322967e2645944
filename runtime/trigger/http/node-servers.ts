import type { Server as Http1Server, ServerOptions } from "node:http";
import { createSecureServer, createServer as createHttp2Server } from "node:http2";
import type { Http2SecureServer, Http2Server } from "node:http2";
import { errorText, WhorlError } from "../../error.ts";
import { nodeHttp } from "../../node-http.ts";
import type { ServerLimits } from "./server-limits.ts";

/** Certificate chain and private key, PEM. */
export interface TlsFiles {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
}

/** Both kinds of listener have it in Node 26; the types know it of one only. */
interface IdleClosing {
  closeIdleConnections(): void;
}

/** The server that listens, and the one that serves HTTP/2; with TLS they are the same. */
export interface NodeServers {
  readonly listener: (Http1Server | Http2SecureServer) & IdleClosing;
  readonly http2: Http2Server | Http2SecureServer;
}

/**
 * Makes servers of node:http and node:http2 that serve as Spin does: any number of headers within
 * their bytes, no limit on how long a request may take, requests without Host. Throws WhorlError
 * `usage` for a certificate or key that cannot be used.
 */
export function createNodeServers(tls: TlsFiles | undefined, bounds: ServerLimits): NodeServers {
  const servers = tls === undefined ? clearServers(bounds) : secureServers(tls, bounds);
  // Zero is no bound: Node would leave out what comes after the thousandth header line.
  Object.assign(servers.listener, { maxHeadersCount: 0 });
  return servers;
}

function clearServers(bounds: ServerLimits): NodeServers {
  // Never listens: it is given the connections that turn out to be HTTP/2.
  const http2 = createHttp2Server(http2Options(bounds));
  return { listener: nodeHttp.createServer(http1Options(bounds)), http2 };
}

function secureServers(tls: TlsFiles, bounds: ServerLimits): NodeServers {
  try {
    const server = createSecureServer({
      ...http1Options(bounds),
      ...http2Options(bounds),
      allowHTTP1: true,
      handshakeTimeout: bounds.requestHeadMsMax,
      cert: asBuffer(tls.cert),
      key: asBuffer(tls.key),
    });
    // Otherwise the first `request` listener, meant for HTTP/1, would start the compatibility layer
    // that answers HTTP/2 streams as well.
    server.removeAllListeners("newListener");
    return { listener: server as Http2SecureServer & IdleClosing, http2: server };
  } catch (error) {
    throw new WhorlError(
      "usage",
      `The TLS certificate or its key cannot be used: ${errorText(error)}. ` +
        "Both have to be PEM, and the key has to belong to the certificate.",
      { cause: error },
    );
  }
}

/** How often Node looks for request heads that take too long, as a part of that time. */
const headChecks = 10;

function http1Options(bounds: ServerLimits): ServerOptions {
  return {
    maxHeaderSize: bounds.headersBytesMax,
    headersTimeout: bounds.requestHeadMsMax,
    connectionsCheckingInterval: Math.ceil(bounds.requestHeadMsMax / headChecks),
    requestTimeout: 0,
    keepAliveTimeout: bounds.connectionIdleMsMax,
    requireHostHeader: false,
    noDelay: true,
    // Requests without a body skip the life of a stream; the exchange gives them none either.
    optimizeEmptyRequests: true,
  };
}

function http2Options(bounds: ServerLimits): object {
  return {
    settings: { maxHeaderListSize: bounds.headersBytesMax, enablePush: false },
    maxHeaderListPairs: Math.ceil(bounds.headersBytesMax / headerLineBytesMin),
    // What a guest may send twice is the guest's business.
    strictSingleValueFields: false,
  };
}

/** RFC 9113, 6.5.2: each header line counts 32 bytes besides its text. */
const headerLineBytesMin = 32;

function asBuffer(pem: string | Uint8Array): string | Buffer {
  return typeof pem === "string" ? pem : Buffer.from(pem);
}
