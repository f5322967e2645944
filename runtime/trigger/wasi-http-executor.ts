import type { LiftedFunction } from "../component/plan.ts";
import { errorText, WhorlError } from "../error.ts";
import { InstancePool, type InstanceLease } from "../instance/instance-pool.ts";
import type { LinkedComponent } from "../instance/linker.ts";
import type { WasiContext } from "../wasi/context.ts";
import type { HttpExecutor, IncomingExchange, ResponseSink } from "../wasi/http/exchange.ts";
import {
  closeExchange,
  newIncomingRequest,
  newResponseOutparam,
  outparamError,
  outparamState,
} from "../wasi/http/incoming.ts";
import type { HandlerExport } from "./handler-export.ts";
import { wasmStack } from "./wasm-stack.ts";

/**
 * Answers each request with an instance of its own of a wasi:http 0.2 component
 * (wasi:http/incoming-handler#handle).
 */
export class WasiHttpExecutor implements HttpExecutor {
  readonly #instances: InstancePool<WasiContext>;
  readonly #handle: LiftedFunction;
  readonly #exportName: string;
  readonly #newContext: () => WasiContext;

  constructor(options: {
    readonly linked: LinkedComponent<WasiContext>;
    readonly handler: HandlerExport;
    newContext(): WasiContext;
  }) {
    this.#instances = new InstancePool(options.linked);
    this.#handle = options.handler.function;
    this.#exportName = `${options.handler.interfaceName}#handle`;
    this.#newContext = options.newContext;
  }

  /** Rejects with `trap` when the guest traps or returns without an answer. */
  async handle(exchange: IncomingExchange, sink: ResponseSink): Promise<void> {
    const outparam = newResponseOutparam(sink);
    using lease = this.#take();
    try {
      await lease.instance.lifted(this.#handle)(newIncomingRequest(exchange), outparam);
    } catch (error) {
      const failure = this.#failure(error);
      // Before the instance ends: dropping its body would be the reason otherwise.
      closeExchange(outparam, failure.message);
      throw failure;
    }
    closeExchange(outparam, "the guest returned without finishing the body");
    if (outparamState(outparam) !== "sent") throw this.#noAnswer(outparam);
  }

  #take(): InstanceLease<WasiContext> {
    try {
      return this.#instances.take(this.#newContext());
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #noAnswer(outparam: object): WhorlError {
    const answer = outparamError(outparam);
    const what =
      answer === undefined ? "returned without setting a response" : `answered ${answer.tag}`;
    return new WhorlError("trap", `${this.#exportName} ${what}`);
  }

  #failure(error: unknown): WhorlError {
    const stack = wasmStack(error);
    return new WhorlError(
      "trap",
      `${this.#exportName} failed: ${errorText(error)}` +
        (stack.length === 0 ? "" : `\n${stack.join("\n")}`),
      { cause: error },
    );
  }
}
