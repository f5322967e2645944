import type { ErrorCode } from "./error-code.ts";
import type { IncomingExchange, ResponseSink } from "./exchange.ts";
import { IncomingRequest } from "./incoming-request.ts";
import { ResponseOutparam } from "./response-outparam.ts";
import type { OutparamState } from "./response-outparam.ts";

/** What the guest's `wasi:http/incoming-handler.handle` gets as own<incoming-request>. */
export function newIncomingRequest(exchange: IncomingExchange): object {
  return new IncomingRequest(exchange);
}

/** What the guest's `wasi:http/incoming-handler.handle` gets as own<response-outparam>. */
export function newResponseOutparam(sink: ResponseSink): object {
  return new ResponseOutparam(sink);
}

/** What the guest has done with an object of {@link newResponseOutparam}. */
export function outparamState(outparam: object): OutparamState {
  return outparamOf(outparam).state;
}

/** In state `failed`: the error-code that the guest gave; the caller answers the client. */
export function outparamError(outparam: object): ErrorCode | undefined {
  return outparamOf(outparam).errorCode;
}

/**
 * The instance has ended or trapped: a body that was begun and not finished is aborted through the
 * sink. Does nothing for a finished one, nor where no head was sent: that answer is the caller's.
 */
export function closeExchange(outparam: object, reason: string): void {
  outparamOf(outparam).close(reason);
}

function outparamOf(outparam: object): ResponseOutparam {
  if (outparam instanceof ResponseOutparam) return outparam;
  throw new TypeError("not an object of newResponseOutparam");
}
