import { Dispatcher } from "../trigger/http/dispatcher.ts";
import type { DispatcherOptions } from "../trigger/http/dispatcher.ts";
import type { HttpServer, SharedListener } from "../trigger/http/server.ts";
import type { Inbound, Outgoing } from "../trigger/http/wire.ts";
import type { HostedApp } from "./protocol.ts";

/** The dispatcher of the version of an app that is served now. */
export class SwappedDispatcher {
  #current: Dispatcher;

  constructor(options: DispatcherOptions) {
    this.#current = new Dispatcher(options);
  }

  /** Answers the request. Never throws. */
  handle<T extends Outgoing>(inbound: Inbound<T>): void {
    this.#current.handle(inbound);
  }

  /** As {@link HttpServer.replace}. */
  replace(options: DispatcherOptions): Promise<void> {
    const previous = this.#current;
    this.#current = new Dispatcher(options);
    return previous.idle();
  }

  get lastRequestMs(): number | undefined {
    return this.#current.lastRequestMs;
  }

  idle(): Promise<void> {
    return this.#current.idle();
  }
}

/** Stands in for the listener of an app whose connections are accepted by the doorman. */
export class HostedListener implements SharedListener {
  readonly #hosted: HostedApp;
  #dispatcher: SwappedDispatcher | undefined;

  constructor(hosted: HostedApp) {
    this.#hosted = hosted;
  }

  /** Of an app without HTTP triggers: answers 404. */
  get dispatcher(): SwappedDispatcher {
    return (this.#dispatcher ??= new SwappedDispatcher({
      app: this.#hosted.app,
      triggers: [],
      executors: new Map(),
      log: { warn: ignore, error: ignore },
    }));
  }

  serve(options: DispatcherOptions): HttpServer {
    const dispatcher = new SwappedDispatcher(options);
    this.#dispatcher = dispatcher;
    const { url } = this.#hosted;
    const { hostname: host, port } = new URL(url);
    const close = (): Promise<void> => dispatcher.idle();
    return {
      address: { host, port: Number(port), url },
      get lastRequestMs() {
        return dispatcher.lastRequestMs;
      },
      replace: (next) => dispatcher.replace(next),
      close,
      [Symbol.asyncDispose]: close,
    };
  }
}

function ignore(): void {}
