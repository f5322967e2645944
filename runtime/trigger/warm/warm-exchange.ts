import type { HttpTrigger } from "../../app/app.ts";
import type { WarmRequest } from "../../app/warm-settings.ts";
import type { HeaderList, IncomingExchange } from "../../wasi/http/exchange.ts";
import { requestHeaders, routeHeaders } from "../http/request-headers.ts";
import { parseRequestTarget } from "../http/request-target.ts";
import { Router } from "../http/router.ts";

const authority = "localhost";

/** Makes warm-up requests as a client's would look like. */
export class WarmExchanges {
  readonly #router: Router;

  constructor(triggers: readonly HttpTrigger[]) {
    this.#router = new Router(triggers);
  }

  /** Throws when no route leads to the component's handler. */
  to(component: string, { method, path }: WarmRequest): IncomingExchange {
    const target = parseRequestTarget(path);
    const match = target && this.#router.match(target.path);
    const called = match?.route.trigger.target;
    if (target === undefined || match === undefined || called?.kind !== "component") {
      throw new Error(`no route of the component leads to ${path}`);
    }
    if (called.component !== component) {
      throw new Error(`${path} leads to component "${called.component}"`);
    }
    if (called.wagi !== undefined) throw new Error("a program begins anew for each request");
    const headers: HeaderList = requestHeaders(["host", authority], {
      match,
      routeHeaders: routeHeaders(match.route),
      fullUrl: `http://${authority}${target.pathWithQuery}`,
      clientAddress: "127.0.0.1:0",
    });
    const { pathWithQuery } = target;
    return {
      ...{ method, scheme: "http", authority, pathWithQuery, headers },
      body: undefined,
      trailers: () => [],
    };
  }
}
