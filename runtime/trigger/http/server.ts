import type { IncomingMessage } from "node:http";
import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { errorText } from "../../error.ts";
import { recoverHttp2, refuse } from "./client-error.ts";
import type { ClientError } from "./client-error.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { DispatcherOptions, Log } from "./dispatcher.ts";
import { Http1Wire } from "./http1-wire.ts";
import type { Http1Response } from "./http1-wire.ts";
import { Http2Wire } from "./http2-wire.ts";
import { listen } from "./listen.ts";
import type { ListenAddress, ListeningSocket } from "./listen.ts";
import { createNodeServers } from "./node-servers.ts";
import type { NodeServers, TlsFiles } from "./node-servers.ts";
import { serverLimits } from "./server-limits.ts";
import type { ServerLimits } from "./server-limits.ts";
import type { Peer } from "./wire.ts";

export interface HttpServerOptions extends DispatcherOptions {
  /** Port 0 takes a free one. */
  readonly listen: ListenAddress | ListeningSocket;
  readonly tls?: TlsFiles | undefined;
  /** Other bounds than those of limits.ts. */
  readonly limits?: Partial<ServerLimits> | undefined;
}

export interface HttpServer extends AsyncDisposable {
  readonly address: {
    /** As bound, an IP address. */
    readonly host: string;
    readonly port: number;
    /** `http://host:port`: scheme and bound address, without a slash at the end. */
    readonly url: string;
  };
  /**
   * From now on answers requests in another way. Throws as {@link Dispatcher} says, and goes on as
   * before then. Settles when the requests that came before are answered.
   */
  replace(options: DispatcherOptions): Promise<void>;
  /**
   * Stops accepting, lets requests in flight finish until the signal aborts (without one for at
   * most `limits.shutdownMsMax`), then breaks off what is left. Settles when every connection is closed; calling
   * it again waits for the same.
   */
  close(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}

/**
 * Serves an app over HTTP/1.1 and HTTP/2 on one port (h2 with prior knowledge, or by ALPN with
 * TLS). Settles once requests are accepted. Rejects with WhorlError: `listen` if the address
 * cannot be had, `usage` for an unusable certificate, and as {@link Dispatcher} says.
 */
export async function serveHttp(options: HttpServerOptions): Promise<HttpServer> {
  const server = new NodeHttpServer(options);
  await server.listen(options.listen);
  return server;
}

class NodeHttpServer implements HttpServer {
  readonly #servers: NodeServers;
  readonly #scheme: "http" | "https";
  readonly #limits: ServerLimits;
  #dispatcher: Dispatcher;
  readonly #log: Log;
  readonly #http1: Http1Wire;
  readonly #http2: Http2Wire;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Map<Http2Session, Peer>();
  /** Sockets whose HTTP/1 parser has been taken away; what it still reports means nothing. */
  readonly #detached = new WeakSet<Duplex>();
  #address: HttpServer["address"] = { host: "", port: 0, url: "" };
  #closed: Promise<void> | undefined;

  constructor(options: HttpServerOptions) {
    this.#dispatcher = new Dispatcher(options);
    this.#limits = serverLimits(options.limits);
    this.#log = options.log;
    this.#scheme = options.tls === undefined ? "http" : "https";
    this.#http1 = new Http1Wire(this.#scheme, () => this.#closed !== undefined);
    this.#http2 = new Http2Wire(this.#scheme);
    this.#servers = createNodeServers(options.tls, this.#limits);
    this.#attach();
  }

  async listen(wanted: ListenAddress | ListeningSocket): Promise<void> {
    const { listener } = this.#servers;
    await listen(listener, wanted);
    const { address: host, port, family } = listener.address() as AddressInfo;
    const authority = family === "IPv6" ? `[${host}]:${port}` : `${host}:${port}`;
    this.#address = { host, port, url: `${this.#scheme}://${authority}` };
    listener.on("error", (error) => this.#log.warn(`HTTP listener: ${errorText(error)}`));
  }

  get address(): HttpServer["address"] {
    return this.#address;
  }

  async replace(options: DispatcherOptions): Promise<void> {
    const replacement = new Dispatcher(options);
    const previous = this.#dispatcher;
    this.#dispatcher = replacement;
    await previous.idle();
  }

  close(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return (this.#closed ??= this.#close(options.signal));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #attach(): void {
    const { listener, http2 } = this.#servers;
    const onRequest = (request: IncomingMessage, response: Http1Response): void => {
      const inbound = this.#http1.inbound(request, response);
      if (inbound !== undefined) this.#dispatcher.handle(inbound);
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
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
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
    const { remoteAddress, remotePort } = session.socket;
    this.#sessions.set(session, { remoteAddress, remotePort });
    session.once("close", () => this.#sessions.delete(session));
    session.setTimeout(this.#limits.connectionIdleMsMax, () => session.close());
    if (this.#closed !== undefined) session.close();
  }

  #onStream(...[stream, headers, flags, rawHeaders]: StreamArguments): void {
    // Without a listener the reset of one stream would end the process.
    stream.on("error", ignore);
    const { session } = stream;
    const peer = session && this.#sessions.get(session);
    if (peer === undefined) return;
    if (headers.expect === "100-continue" && !stream.closed)
      stream.additionalHeaders({ ":status": 100 });
    this.#dispatcher.handle(this.#http2.inbound({ stream, headers, flags, rawHeaders }, peer));
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    const { listener } = this.#servers;
    const closed = new Promise<void>((resolve) => listener.once("close", resolve));
    const destroy = (): void => {
      for (const socket of this.#sockets) socket.destroy();
    };
    listener.close();
    for (const session of this.#sessions.keys()) session.close();
    // Connections whose response was under way become idle one by one.
    const idle = setInterval(() => listener.closeIdleConnections(), idleCheckMs);
    const deadline =
      signal === undefined ? setTimeout(destroy, this.#limits.shutdownMsMax) : undefined;
    signal?.addEventListener("abort", destroy, { once: true });
    if (signal?.aborted === true) destroy();
    await closed;
    clearInterval(idle);
    clearTimeout(deadline);
    signal?.removeEventListener("abort", destroy);
  }
}

type StreamArguments = [
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: string[],
];

/** While closing: how often connections that have become idle are looked for. */
const idleCheckMs = 20;

function ignore(): void {}
