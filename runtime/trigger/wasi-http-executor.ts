import type { LiftedFunction } from "../component/plan.ts";
import { errorText, WhorlError } from "../error.ts";
import { InstancePool } from "../instance/instance-pool.ts";
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

/**
 * Answers each request with an instance of its own of a wasi:http 0.2 component
 * (wasi:http/incoming-handler#handle).
 */
export class WasiHttpExecutor implements HttpExecutor {
  readonly #component: string;
  readonly #instances: InstancePool<WasiContext>;
  readonly #handle: LiftedFunction;
  readonly #exportName: string;
  readonly #newContext: () => WasiContext;

  constructor(options: {
    readonly component: string;
    readonly linked: LinkedComponent<WasiContext>;
    readonly handler: HandlerExport;
    newContext(): WasiContext;
  }) {
    this.#component = options.component;
    this.#instances = new InstancePool(options.linked);
    this.#handle = options.handler.function;
    this.#exportName = `${options.handler.interfaceName}#handle`;
    this.#newContext = options.newContext;
  }

  /** Rejects with `trap` when the guest traps or returns without an answer. */
  async handle(exchange: IncomingExchange, sink: ResponseSink): Promise<void> {
    const outparam = newResponseOutparam(sink);
    try {
      using lease = this.#instances.take(this.#newContext());
      await lease.instance.lifted(this.#handle)(newIncomingRequest(exchange), outparam);
    } catch (error) {
      closeExchange(outparam, errorText(error));
      throw this.#failure(error);
    }
    closeExchange(outparam, "the guest returned without finishing the body");
    if (outparamState(outparam) !== "sent") throw this.#noAnswer(outparam);
  }

  #noAnswer(outparam: object): WhorlError {
    const answer = outparamError(outparam);
    const what =
      answer === undefined ? "returned without setting a response" : `answered ${answer.tag}`;
    return new WhorlError("trap", `component "${this.#component}": ${this.#exportName} ${what}`);
  }

  #failure(error: unknown): WhorlError {
    const stack = wasmStack(error);
    return new WhorlError(
      "trap",
      `component "${this.#component}": ${this.#exportName} failed: ${errorText(error)}` +
        (stack.length === 0 ? "" : `\n${stack.join("\n")}`),
      { cause: error },
    );
  }
}

const stackFramesMax = 20;

/** The WebAssembly frames of an error's stack, innermost first. */
function wasmStack(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frames = stack.split("\n").filter((line) => line.includes("wasm://"));
  return frames.slice(0, stackFramesMax).map((line) => {
    const [, name = "?", offset = "?"] = /at (\S+) \(wasm:.*:(0x[0-9a-f]+)\)/.exec(line) ?? [];
    return `    at ${name} (${offset})`;
  });
}
