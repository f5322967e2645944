import type { AddressInfo } from "node:net";
import { errorText } from "../../error.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { DispatcherOptions, Log } from "./dispatcher.ts";
import { HttpConnections } from "./http-connections.ts";
import { listen } from "./listen.ts";
import type { ListenAddress, ListeningSocket } from "./listen.ts";
import type { TlsFiles } from "./node-servers.ts";
import { serverLimits } from "./server-limits.ts";
import type { ServerLimits } from "./server-limits.ts";
import type { Inbound, Outgoing } from "./wire.ts";

export interface HttpServerOptions extends DispatcherOptions {
  /** Port 0 takes a free one. */
  readonly listen: ListenAddress | ListeningSocket;
  readonly tls?: TlsFiles | undefined;
  /** Other bounds than those of limits.ts. */
  readonly limits?: Partial<ServerLimits> | undefined;
  /** Where other apps have the same thread; without it what comes is begun at once. */
  readonly turns?: Turns | undefined;
}

/** Says when a request is begun. */
export interface Turns {
  /** Runs `begin` now or in its turn; it must not throw. */
  take(begin: () => void): void;
}

/** Listens for several apps; who has made it decides which requests are whose. */
export interface SharedListener {
  /** Requests of one app are answered from now on. Throws as {@link Dispatcher} says. */
  serve(options: DispatcherOptions): HttpServer;
}

export interface HttpServer extends AsyncDisposable {
  readonly address: {
    /** As bound, an IP address. */
    readonly host: string;
    readonly port: number;
    /** `http://host:port`: scheme and bound address, without a slash at the end. */
    readonly url: string;
  };
  /** When the last request came that a component answers (performance.now); undefined if none. */
  readonly lastRequestMs: number | undefined;
  /**
   * From now on answers requests in another way. Throws (at once, it does not reject) as
   * {@link Dispatcher} says, and goes on as before then. Settles when the requests that came before
   * are answered.
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
  readonly #connections: HttpConnections;
  readonly #limits: ServerLimits;
  readonly #turns: Turns | undefined;
  #dispatcher: Dispatcher;
  readonly #log: Log;
  #address: HttpServer["address"] = { host: "", port: 0, url: "" };
  #closed: Promise<void> | undefined;
  /** Of the versions before. */
  #earlierRequestMs: number | undefined;

  constructor(options: HttpServerOptions) {
    this.#dispatcher = new Dispatcher(options);
    this.#limits = serverLimits(options.limits);
    this.#log = options.log;
    this.#turns = options.turns;
    this.#connections = new HttpConnections({
      tls: options.tls,
      limits: this.#limits,
      handle: (inbound) => this.#handle(inbound),
    });
  }

  async listen(wanted: ListenAddress | ListeningSocket): Promise<void> {
    const { listener, scheme } = this.#connections;
    await listen(listener, wanted);
    const { address: host, port, family } = listener.address() as AddressInfo;
    const authority = family === "IPv6" ? `[${host}]:${port}` : `${host}:${port}`;
    this.#address = { host, port, url: `${scheme}://${authority}` };
    listener.on("error", (error) => this.#log.warn(`HTTP listener: ${errorText(error)}`));
  }

  get address(): HttpServer["address"] {
    return this.#address;
  }

  get lastRequestMs(): number | undefined {
    return this.#dispatcher.lastRequestMs ?? this.#earlierRequestMs;
  }

  replace(options: DispatcherOptions): Promise<void> {
    const replacement = new Dispatcher(options);
    const previous = this.#dispatcher;
    this.#earlierRequestMs = this.lastRequestMs;
    this.#dispatcher = replacement;
    return previous.idle();
  }

  close(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return (this.#closed ??= this.#close(options.signal));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #handle<T extends Outgoing>(inbound: Inbound<T>): void {
    if (this.#turns === undefined) {
      this.#dispatcher.handle(inbound);
      return;
    }
    this.#turns.take(() => {
      // Nobody waits any more for whoever went away before its turn.
      if (!inbound.response.destroyed) this.#dispatcher.handle(inbound);
    });
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    const connections = this.#connections;
    const { listener } = connections;
    const closed = new Promise<void>((resolve) => listener.once("close", resolve));
    const destroy = (): void => connections.destroy();
    listener.close();
    connections.announceEnd();
    connections.closeIdle();
    // Connections whose response was under way become idle one by one.
    const idle = setInterval(() => connections.closeIdle(), idleCheckMs);
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

/** While closing: how often connections that have become idle are looked for. */
const idleCheckMs = 20;
