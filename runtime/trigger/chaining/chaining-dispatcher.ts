import { Readable } from "node:stream";
import { Dispatcher } from "undici";
import { errorText, WhorlError } from "../../error.ts";
import type { HandlerTelemetry } from "../../telemetry/telemetry.ts";
import { chainedComponent } from "../http/request-target.ts";
import type { HttpExecutor } from "../executor/http-executor.ts";
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
  readonly #telemetry: (component: string) => HandlerTelemetry;

  constructor(outside: Dispatcher, inside: ChainTargets) {
    super();
    this.#outside = outside;
    this.#executor = inside.executor;
    this.#telemetry = inside.telemetry;
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
    const invocation = this.#telemetry(component).begin({
      method: options.method,
      scheme,
      target: options.path,
      rawHeaders: rawHeaders(options.headers),
    });
    try {
      handler.onRequestStart?.(response.connection, undefined);
      await executor.handle(exchange, response, invocation);
      response.settle();
      invocation.responded(response.status);
    } catch (error) {
      invocation.failed(error);
      const reason = `service chaining: component "${component}" failed: ${errorText(error)}`;
      response.fail(new WhorlError("trap", reason, { cause: error }));
    } finally {
      exchange.body?.resume();
      invocation.end();
    }
  }
}

/** What answers for the components of the app. */
export interface ChainTargets {
  executor(component: string): HttpExecutor | undefined;
  /** One object for each component. */
  telemetry(component: string): HandlerTelemetry;
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
