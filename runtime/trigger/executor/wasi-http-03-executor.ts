import type { LiftedFunction } from "../../component/plan.ts";
import { errorText } from "../../error.ts";
import type { Result } from "../../instance/host-interface.ts";
import type { ErrorCode } from "../../wasi/http/error-code.ts";
import { errorCodeText } from "../../wasi/http/error-code.ts";
import type { Invocation } from "../../telemetry/telemetry.ts";
import type { IncomingExchange, ResponseSink } from "../../wasi/http/exchange.ts";
import type { HttpExecutor } from "./http-executor.ts";
import { Request03 } from "../../wasi/http/0.3/request.ts";
import type { Response03 } from "../../wasi/http/0.3/response.ts";
import { StreamFailure } from "../../wasi/io/streams.ts";
import { guestFailure } from "../loaded-component.ts";
import type { Callee } from "../loaded-component.ts";
import { ReusedInstances } from "./reused-instances.ts";
import type { ReuseLimits, SharedLease } from "./reused-instances.ts";

/**
 * Answers requests with instances of a wasi:http 0.3 component (wasi:http/handler#handle), several
 * of them with the same one where `reuse` permits. The guest may go on after its response has
 * begun; the instance lives until it is done.
 */
export class WasiHttp03Executor implements HttpExecutor, Disposable {
  readonly #instances: ReusedInstances;
  readonly #handle: LiftedFunction;
  readonly #exportText: string;

  constructor(
    component: Callee,
    handler: { readonly function: LiftedFunction; readonly text: string },
    reuse: ReuseLimits,
  ) {
    this.#instances = new ReusedInstances((invocation) => component.take(invocation), reuse);
    this.#handle = handler.function;
    this.#exportText = handler.text;
  }

  /** Rejects with `trap` when the guest traps or answers with an error. */
  async handle(
    exchange: IncomingExchange,
    sink: ResponseSink,
    invocation: Invocation,
  ): Promise<void> {
    using lease = this.#take(invocation);
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const call = lease.instance.start(this.#handle, [Request03.received(exchange)], over);
    // Whatever is not awaited below must not be reported as unhandled.
    call.done.catch(() => undefined);
    try {
      const result = (await call.result) as Result<Response03, ErrorCode>;
      if (result.tag === "err") throw new Error(`it answered ${errorCodeText(result.val)}`);
      await this.#send(result.val, sink);
      await call.done;
    } catch (error) {
      lease.retire();
      const failure = guestFailure(this.#exportText, error);
      // Before the instance ends: the end of its streams would be the reason otherwise.
      sink.abort(failure.message, failure);
      throw failure;
    } finally {
      end();
    }
  }

  async #send(response: Response03, sink: ResponseSink): Promise<void> {
    const output = sink.head(response.status, response.headers.entries());
    try {
      await response.take().write({ output, finish: (trailers) => sink.finish(trailers) });
    } catch (error) {
      // The client has gone, which the guest learns from its stream.
      if (!(error instanceof StreamFailure && error.error.tag === "closed")) throw error;
      sink.abort(errorText(error));
    }
  }

  [Symbol.dispose](): void {
    this.#instances[Symbol.dispose]();
  }

  #take(invocation: Invocation): SharedLease {
    try {
      return this.#instances.take(invocation);
    } catch (error) {
      throw guestFailure(this.#exportText, error);
    }
  }
}
