import type { App, HttpTrigger } from "../../app/app.ts";
import { errorText, WhorlError } from "../../error.ts";
import type { HttpExecutor } from "../executor/http-executor.ts";
import type { IncomingExchange } from "../../wasi/http/exchange.ts";
import { isOverload, OverloadLog } from "./failure-answer.ts";
import { NodeExchange } from "./node-exchange.ts";
import type { Routed } from "./node-exchange.ts";
import { NodeResponseSink } from "./node-response-sink.ts";
import type { FailureListener } from "./node-response-sink.ts";
import { emptyResponse, staticResponse, wellKnownResponses } from "./plain-response.ts";
import type { PlainResponse } from "./plain-response.ts";
import { routeHeaders } from "./request-headers.ts";
import type { RouteHeaders } from "./request-headers.ts";
import { noTelemetry } from "../../telemetry/no-telemetry.ts";
import type { HandlerTelemetry, Telemetry } from "../../telemetry/telemetry.ts";
import { executorKey } from "../executor/executor-key.ts";
import { isServiceChainingHost, parseRequestTarget, requestAuthority } from "./request-target.ts";
import { Router, wellKnownPrefix } from "./router.ts";
import type { Route } from "./router.ts";
import { TurnEnd } from "./turn-end.ts";
import type { Inbound, Outgoing } from "./wire.ts";

/** Where the trigger reports what nobody else hears of. */
export interface Log {
  warn(message: string): void;
  error(message: string): void;
}

export interface DispatcherOptions {
  /** What `/.well-known/spin/info` tells. */
  readonly app: Pick<App, "name" | "version" | "ociImageDigest">;
  readonly triggers: readonly HttpTrigger[];
  /** By component; each component that a trigger names has one. */
  readonly executors: ReadonlyMap<string, HttpExecutor>;
  /** `noTelemetry` by default. */
  readonly telemetry?: Telemetry | undefined;
  readonly log: Log;
}

/** What one route leads to. */
type Destination =
  | { readonly kind: "static"; readonly response: PlainResponse }
  | {
      readonly kind: "component";
      readonly executor: HttpExecutor;
      readonly routeHeaders: RouteHeaders;
      readonly telemetry: HandlerTelemetry;
      readonly onFailure: FailureListener;
      readonly turnEnd: TurnEnd;
    };

/** Decides who answers a request, whatever the protocol. */
export class Dispatcher {
  readonly #router: Router;
  readonly #destinations: ReadonlyMap<Route, Destination>;
  readonly #wellKnown: ReadonlyMap<string, PlainResponse>;
  /** Requests that executors are working on. */
  #active = 0;
  #lastRequestMs: number | undefined;
  #idle: PromiseWithResolvers<void> | undefined;
  readonly #ended = (): void => {
    this.#active--;
    if (this.#active === 0) this.#idle?.resolve();
  };

  /**
   * Logs routes that cannot be reached. Throws WhorlError: `manifest` for a route that cannot be
   * understood, `no_handler` for a component without executor.
   */
  constructor(options: DispatcherOptions) {
    this.#router = new Router(options.triggers);
    for (const warning of this.#router.warnings) options.log.warn(warning);
    this.#destinations = new Map(
      this.#router.routes.map((route) => [route, destinationOf(route, options)]),
    );
    this.#wellKnown = wellKnownResponses(options.app);
  }

  /** Answers the request, or drops it. Never throws. */
  handle<T extends Outgoing>(inbound: Inbound<T>): void {
    const target = parseRequestTarget(inbound.target);
    if (target === undefined) {
      inbound.wire.drop(inbound.response);
      return;
    }
    if (target.path.startsWith(wellKnownPrefix)) {
      sendPlain(inbound, this.#wellKnown.get(target.path) ?? notFound);
      return;
    }
    const match = this.#router.match(target.path);
    const destination = match && this.#destinations.get(match.route);
    if (match === undefined || destination === undefined) {
      sendPlain(inbound, notFound);
      return;
    }
    const host = withoutChaining(inbound.host);
    const authority = requestAuthority(host, inbound.authority ?? target.authority);
    if (authority === undefined) {
      inbound.wire.drop(inbound.response);
    } else if (destination.kind === "static") {
      sendPlain(inbound, destination.response);
    } else {
      const routed = { target, authority, match, routeHeaders: destination.routeHeaders };
      this.#active++;
      this.#lastRequestMs = performance.now();
      void answer(inbound, routed, destination, this.#ended);
    }
  }

  /** When the last request came that a component answers (performance.now). */
  get lastRequestMs(): number | undefined {
    return this.#lastRequestMs;
  }

  /** Settles when no executor works on a request any more. */
  async idle(): Promise<void> {
    if (this.#active > 0) await (this.#idle ??= Promise.withResolvers<void>()).promise;
  }
}

const notFound = emptyResponse(404);

function destinationOf(route: Route, options: DispatcherOptions): Destination {
  const { target, id } = route.trigger;
  if (target.kind === "static")
    return { kind: "static", response: staticResponse(target, `trigger "${id}"`) };
  const { component } = target;
  const executor = options.executors.get(executorKey(target));
  if (executor === undefined) {
    throw new WhorlError("no_handler", `Trigger "${id}": component "${component}" is not loaded.`);
  }
  const { log, app } = options;
  const telemetry = (options.telemetry ?? noTelemetry).handler({
    app: app.name,
    component,
    trigger: "http",
    route: route.rawRoute,
  });
  const overload = new OverloadLog(log);
  const onFailure = (exchange: IncomingExchange, reason: string, error: unknown): void => {
    if (isOverload(error)) {
      overload.note(`Component "${component}": ${reason}`);
      return;
    }
    const path = exchange.pathWithQuery.split("?", 1)[0] ?? "";
    log.error(`Component "${component}" failed on ${exchange.method} ${path}: ${reason}`);
  };
  const turnEnd = new TurnEnd();
  const heads = routeHeaders(route);
  return { kind: "component", executor, routeHeaders: heads, telemetry, onFailure, turnEnd };
}

/** `ended` is called when the executor is done; what goes wrong ends in the response and in the log. */
async function answer<T extends Outgoing>(
  inbound: Inbound<T>,
  routed: Routed,
  destination: Extract<Destination, { kind: "component" }>,
  ended: () => void,
): Promise<void> {
  const exchange = new NodeExchange(inbound, routed);
  const invocation = destination.telemetry.begin(inbound);
  const sink = new NodeResponseSink(inbound, exchange, {
    invocation,
    onFailure: destination.onFailure,
    turnEnd: destination.turnEnd,
  });
  try {
    await destination.executor.handle(exchange, sink, invocation);
    sink.settle();
  } catch (error) {
    invocation.failed(error);
    sink.abort(errorText(error), error);
  }
  invocation.end();
  if (inbound.body !== undefined) inbound.wire.discardBody(inbound.response);
  ended();
}

function sendPlain<T extends Outgoing>(inbound: Inbound<T>, response: PlainResponse): void {
  // A body that nobody has begun to read is discarded by Node itself.
  inbound.wire.plain(inbound.response, response);
}

function withoutChaining(host: string | undefined): string | undefined {
  return host !== undefined && isServiceChainingHost(host) ? undefined : host;
}
