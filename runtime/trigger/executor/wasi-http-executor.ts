import { WhorlError } from "../../error.ts";
import type { LiftedFunction } from "../../component/plan.ts";
import type { InstanceLease } from "../../instance/instance-lease.ts";
import type { GuestContext } from "../guest-context.ts";
import type { Invocation } from "../../telemetry/telemetry.ts";
import type { IncomingExchange, ResponseSink } from "../../wasi/http/exchange.ts";
import type { HttpExecutor } from "./http-executor.ts";
import {
  closeExchange,
  newIncomingRequest,
  newResponseOutparam,
  outparamError,
  outparamState,
} from "../../wasi/http/incoming.ts";
import { guestFailure } from "../loaded-component.ts";
import type { Callee } from "../loaded-component.ts";

/**
 * Answers each request with an instance of its own of a wasi:http 0.2 component
 * (wasi:http/incoming-handler#handle).
 */
export class WasiHttpExecutor implements HttpExecutor {
  readonly #component: Callee;
  readonly #handle: LiftedFunction;
  readonly #exportText: string;

  constructor(
    component: Callee,
    handler: { readonly function: LiftedFunction; readonly text: string },
  ) {
    this.#component = component;
    this.#handle = handler.function;
    this.#exportText = handler.text;
  }

  /** Rejects with `trap` when the guest traps or returns without an answer. */
  async handle(
    exchange: IncomingExchange,
    sink: ResponseSink,
    invocation: Invocation,
  ): Promise<void> {
    const outparam = newResponseOutparam(sink);
    const lease = this.#take(invocation);
    // Not `using`, which costs more than the rest of this function.
    try {
      await lease.instance.lifted(this.#handle)(newIncomingRequest(exchange), outparam);
      closeExchange(outparam, "the guest returned without finishing the body");
    } catch (error) {
      const failure = guestFailure(this.#exportText, error);
      // Before the instance ends: dropping its body would be the reason otherwise.
      closeExchange(outparam, failure.message);
      throw failure;
    } finally {
      lease[Symbol.dispose]();
    }
    if (outparamState(outparam) !== "sent") throw this.#noAnswer(outparam);
  }

  #take(invocation: Invocation): InstanceLease<GuestContext> {
    try {
      return this.#component.take(invocation);
    } catch (error) {
      throw guestFailure(this.#exportText, error);
    }
  }

  #noAnswer(outparam: object): WhorlError {
    const answer = outparamError(outparam);
    const what =
      answer === undefined ? "returned without setting a response" : `answered ${answer.tag}`;
    return new WhorlError("trap", `${this.#exportText} ${what}`);
  }
}
