import { Readable } from "node:stream";
import { Dispatcher } from "undici";
import { errorText, WhorlError } from "../../error.ts";
import { chainedComponent } from "../http/request-target.ts";
import type { HttpExecutor } from "../../wasi/http/exchange.ts";
import { ChainedExchange } from "./chained-exchange.ts";
import { ChainedResponse } from "./chained-response.ts";

/**
 * Sends requests for `<component>.spin.internal` to that component in this process, without a
 * connection, and all others outside (Spin: service chaining). Where the component is unknown or
 * fails before its response begins, the handler gets a WhorlError `trap`: the calling guest traps.
 */
export class ChainingDispatcher extends Dispatcher {
  readonly #outside: Dispatcher;
  readonly #executor: (component: string) => HttpExecutor | undefined;

  constructor(outside: Dispatcher, executor: (component: string) => HttpExecutor | undefined) {
    super();
    this.#outside = outside;
    this.#executor = executor;
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    const [scheme = "", authority = ""] = String(options.origin).split("://", 2);
    const component = chainedComponent(authority);
    if (component === undefined) return this.#outside.dispatch(options, handler);
    void this.#chain(component, { options, handler, scheme, authority });
    return true;
  }

  async #chain(component: string, call: ChainedCall): Promise<void> {
    const { options, handler, scheme, authority } = call;
    const response = new ChainedResponse(options.method, handler);
    const executor = this.#executor(component);
    if (executor === undefined) {
      response.fail(
        new WhorlError(
          "trap",
          `service chaining: the app has no component "${component}" that answers HTTP`,
        ),
      );
      return;
    }
    const exchange = new ChainedExchange({
      method: options.method,
      scheme: scheme === "https" ? "https" : "http",
      authority,
      pathWithQuery: options.path,
      rawHeaders: rawHeaders(options.headers),
      body: options.body instanceof Readable ? options.body : undefined,
    });
    try {
      handler.onRequestStart?.(response.connection, undefined);
      await executor.handle(exchange, response);
      response.settle();
    } catch (error) {
      const reason = `service chaining: component "${component}" failed: ${errorText(error)}`;
      response.fail(new WhorlError("trap", reason, { cause: error }));
    } finally {
      exchange.body?.resume();
    }
  }
}

interface ChainedCall {
  readonly options: Dispatcher.DispatchOptions;
  readonly handler: Dispatcher.DispatchHandler;
  readonly scheme: string;
  readonly authority: string;
}

/** Alternating names and values, in whichever form the caller has them. */
function rawHeaders(headers: Dispatcher.DispatchOptions["headers"]): string[] {
  if (headers === undefined || headers === null) return [];
  if (Array.isArray(headers)) return headers.map(String);
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return entries.flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((each) =>
      each === undefined ? [] : [name, String(each)],
    ),
  );
}
