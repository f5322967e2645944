import type { IncomingMessage } from "node:http";
import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { recoverHttp2, refuse } from "./client-error.ts";
import type { ClientError } from "./client-error.ts";
import { Http1Wire } from "./http1-wire.ts";
import type { Http1Response } from "./http1-wire.ts";
import { Http2Wire } from "./http2-wire.ts";
import { createNodeServers } from "./node-servers.ts";
import type { NodeServers, TlsFiles } from "./node-servers.ts";
import type { ServerLimits } from "./server-limits.ts";
import type { Inbound, Outgoing, Peer } from "./wire.ts";

export interface HttpConnectionsOptions {
  readonly tls?: TlsFiles | undefined;
  readonly limits: ServerLimits;
  /** Answers a request; does not throw. */
  handle<T extends Outgoing>(inbound: Inbound<T>): void;
}

/**
 * Connections that speak HTTP/1.1 or HTTP/2, wherever they come from: accepted by {@link listener},
 * or given to {@link adopt}. Throws WhorlError `usage` for an unusable certificate.
 */
export class HttpConnections {
  readonly #servers: NodeServers;
  readonly #scheme: "http" | "https";
  readonly #limits: ServerLimits;
  readonly #handle: HttpConnectionsOptions["handle"];
  readonly #http1: Http1Wire;
  readonly #http2: Http2Wire;
  readonly #sockets = new Set<Socket>();
  /** Those that have sent nothing when they were last looked at, longest first. */
  readonly #silent = new Set<Socket>();
  readonly #sessions = new Map<Http2Session, Peer>();
  /** Sockets whose HTTP/1 parser has been taken away; what it still reports means nothing. */
  readonly #detached = new WeakSet<Duplex>();
  #isClosing = false;

  constructor({ tls, limits, handle }: HttpConnectionsOptions) {
    this.#limits = limits;
    this.#handle = handle;
    this.#scheme = tls === undefined ? "http" : "https";
    this.#http1 = new Http1Wire(this.#scheme, () => this.#isClosing);
    this.#http2 = new Http2Wire(this.#scheme);
    this.#servers = createNodeServers(tls, limits);
    this.#attach();
  }

  get scheme(): "http" | "https" {
    return this.#scheme;
  }

  get listener(): NodeServers["listener"] {
    return this.#servers.listener;
  }

  /** Serves a connection that somebody else has accepted. */
  adopt(socket: Socket): void {
    this.#servers.listener.emit("connection", socket);
  }

  /** From now on responses announce the end of their connection. */
  announceEnd(): void {
    this.#isClosing = true;
    for (const session of this.#sessions.keys()) session.close();
  }

  closeIdle(): void {
    this.#servers.listener.closeIdleConnections();
  }

  /** Breaks off whatever is left. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #attach(): void {
    const { listener, http2 } = this.#servers;
    const onRequest = (request: IncomingMessage, response: Http1Response): void => {
      const inbound = this.#http1.inbound(request, response);
      if (inbound !== undefined) this.#handle(inbound);
    };
    listener.on("request", onRequest);
    // Expectations other than 100-continue are ignored, as by Spin.
    listener.on("checkExpectation", onRequest);
    listener.on("connection", (socket: Socket) => this.#onConnection(socket));
    listener.on("clientError", (error: ClientError, socket: Duplex) => {
      this.#onClientError(error, socket);
    });
    http2.on("session", (session) => this.#onSession(session));
    http2.on("stream", (...event) => this.#onStream(...(event as unknown as StreamArguments)));
    // A session's errors end that session, and its streams report them.
    http2.on("sessionError", ignore);
  }

  #onConnection(socket: Socket): void {
    if (this.#sockets.size >= this.#limits.connectionsMax && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#silent.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#silent.delete(socket);
    });
  }

  /** Ends the connection that has been there longest without a word; false where all have spoken. */
  #makeRoom(): boolean {
    for (const socket of this.#silent) {
      this.#silent.delete(socket);
      if (socket.bytesRead > 0) continue;
      this.#sockets.delete(socket);
      socket.destroy();
      return true;
    }
    return false;
  }

  #onClientError(error: ClientError, socket: Duplex): void {
    if (this.#detached.has(socket)) return;
    this.#detached.add(socket);
    // Over TLS the protocol is negotiated; there is no other way to HTTP/2.
    if (this.#scheme === "http" && recoverHttp2(error, socket)) {
      this.#servers.http2.emit("connection", socket);
    } else {
      refuse(error, socket, this.#limits.refusalMsMax);
    }
  }

  #onSession(session: Http2Session): void {
    const { remoteAddress, remotePort, origin } = session.socket as Socket & Peer;
    this.#sessions.set(session, { remoteAddress, remotePort, origin });
    session.once("close", () => this.#sessions.delete(session));
    session.setTimeout(this.#limits.connectionIdleMsMax, () => session.close());
    if (this.#isClosing) session.close();
  }

  #onStream(...[stream, headers, flags, rawHeaders]: StreamArguments): void {
    // Without a listener the reset of one stream would end the process.
    stream.on("error", ignore);
    const { session } = stream;
    const peer = session && this.#sessions.get(session);
    if (peer === undefined) return;
    if (headers.expect === "100-continue" && !stream.closed)
      stream.additionalHeaders({ ":status": 100 });
    this.#handle(this.#http2.inbound({ stream, headers, flags, rawHeaders }, peer));
  }
}

type StreamArguments = [
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: string[],
];

function ignore(): void {}
