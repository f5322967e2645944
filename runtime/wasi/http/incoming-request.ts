import { err, ok } from "../../instance/host-interface.ts";
import type { HostFunction, Result } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { ExchangeBody } from "./exchange-body.ts";
import type { IncomingExchange } from "./exchange.ts";
import { Fields } from "./fields.ts";
import { IncomingBody } from "./incoming-body.ts";
import { methodVariant, schemeVariant } from "./method.ts";

/** wasi:http/types `incoming-request`; asks the exchange only for what the guest asks for. */
export class IncomingRequest {
  readonly exchange: IncomingExchange;
  #headers: Fields | undefined;
  #consumed = false;

  constructor(exchange: IncomingExchange) {
    this.exchange = exchange;
  }

  headers(): Fields {
    return (this.#headers ??= Fields.received(this.exchange.headers));
  }

  /** Succeeds once. */
  consume(): Result<IncomingBody, undefined> {
    if (this.#consumed) return err(undefined);
    this.#consumed = true;
    return ok(new IncomingBody(new ExchangeBody(this.exchange)));
  }
}

type Context = WasiContext;

/** wasi:http/types: the functions of `incoming-request`. */
export const incomingRequestFunctions: Readonly<Record<string, HostFunction<WasiContext>>> = {
  "[method]incoming-request.method": (_: Context, self: IncomingRequest) =>
    methodVariant(self.exchange.method),
  "[method]incoming-request.path-with-query": (_: Context, self: IncomingRequest) =>
    self.exchange.pathWithQuery,
  "[method]incoming-request.scheme": (_: Context, self: IncomingRequest) =>
    schemeVariant(self.exchange.scheme),
  "[method]incoming-request.authority": (_: Context, self: IncomingRequest) =>
    self.exchange.authority,
  "[method]incoming-request.headers": (_: Context, self: IncomingRequest) => self.headers(),
  "[method]incoming-request.consume": (_: Context, self: IncomingRequest) => self.consume(),
};
