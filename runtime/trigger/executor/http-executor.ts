import type { Invocation } from "../../telemetry/telemetry.ts";
import type { IncomingExchange, ResponseSink } from "../../wasi/http/exchange.ts";

/** Answers requests; one per component. Rejects only for the guest's faults (traps). */
export interface HttpExecutor {
  handle(exchange: IncomingExchange, sink: ResponseSink, invocation: Invocation): Promise<void>;
  /** Gives back what is kept for requests to come; requests under way go on. */
  [Symbol.dispose]?(): void;
}
