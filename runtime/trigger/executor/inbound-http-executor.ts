import { WhorlError } from "../../error.ts";
import type { LiftedFunction } from "../../component/plan.ts";
import type { Invocation } from "../../telemetry/telemetry.ts";
import type { HeaderList, IncomingExchange, ResponseSink } from "../../wasi/http/exchange.ts";
import { StreamFailure } from "../../wasi/io/streams.ts";
import { guestFailure } from "../loaded-component.ts";
import type { Callee } from "../loaded-component.ts";
import type { HttpExecutor } from "./http-executor.ts";
import { bufferedBody, sendBuffered } from "./buffered-body.ts";
import type { BufferedResponse } from "./buffered-body.ts";

/** `method` of fermyon:spin/http-types. */
const methods: ReadonlySet<string> = new Set([
  "GET",
  "POST",
  "PUT",
  "DELETE",
  "PATCH",
  "HEAD",
  "OPTIONS",
]);

/** `response` of fermyon:spin/http-types. */
interface GuestResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[] | undefined;
  readonly body: Uint8Array | undefined;
}

/**
 * Answers requests with components of the first Spin SDKs (fermyon:spin/inbound-http): bodies are
 * passed as a whole in both directions, a new instance serves each request.
 */
export class InboundHttpExecutor implements HttpExecutor {
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

  /** Rejects with `trap` when the guest traps or returns a response that HTTP does not have. */
  async handle(
    exchange: IncomingExchange,
    sink: ResponseSink,
    invocation: Invocation,
  ): Promise<void> {
    if (!methods.has(exchange.method)) return await answerEmpty(sink, 405);
    const body = await bufferedBody(exchange.body);
    if (body === undefined) return await answerEmpty(sink, 413);
    const response = responseOf(await this.#call(exchange, body, invocation), this.#exportText);
    try {
      await sendBuffered(sink, response);
    } catch (error) {
      // The client has gone.
      if (!(error instanceof StreamFailure)) throw error;
    }
  }

  async #call(
    exchange: IncomingExchange,
    body: Uint8Array,
    invocation: Invocation,
  ): Promise<GuestResponse> {
    const request = {
      method: exchange.method.toLowerCase(),
      uri: exchange.pathWithQuery,
      headers: exchange.headers.map(([name, value]) => [name, new TextDecoder().decode(value)]),
      params: [],
      body: body.length === 0 ? undefined : body,
    };
    try {
      return (await this.#component.call(this.#handle, [request], { invocation })) as GuestResponse;
    } catch (error) {
      throw guestFailure(this.#exportText, error);
    }
  }
}

function responseOf({ status, headers, body }: GuestResponse, what: string): BufferedResponse {
  if (status < 200 || status > 600) {
    throw new WhorlError(
      "trap",
      `${what} answered with ${status}, which is no status of a response`,
    );
  }
  const lines: HeaderList = (headers ?? []).map(
    ([name, value]) => [name.toLowerCase(), Buffer.from(value)] as const,
  );
  return { status, headers: lines, body: body ?? new Uint8Array(0) };
}

async function answerEmpty(sink: ResponseSink, status: number): Promise<void> {
  await sendBuffered(sink, { status, headers: [], body: new Uint8Array(0) });
}
