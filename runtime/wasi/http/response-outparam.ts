import { trap } from "../../error.ts";
import { err } from "../../instance/host-interface.ts";
import type { HostFunction, Result } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { plainError } from "./error-code.ts";
import type { ErrorCode } from "./error-code.ts";
import type { ResponseSink } from "./exchange.ts";
import type { Fields } from "./fields.ts";
import type { OutgoingBody } from "./outgoing-body.ts";
import type { OutgoingResponse } from "./outgoing-response.ts";

/** `sent`: the head is on its way; `failed`: the guest gave an error-code instead. */
export type OutparamState = "unset" | "sent" | "failed";

/** wasi:http/types `response-outparam`. */
export class ResponseOutparam {
  readonly #sink: ResponseSink;
  #body: OutgoingBody | undefined;
  state: OutparamState = "unset";
  /** In state `failed`: what the guest gave. */
  errorCode: ErrorCode | undefined;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  set(response: Result<OutgoingResponse, ErrorCode>): void {
    if (this.state !== "unset") trap("response-outparam.set: the response is set already");
    if (response.tag === "err") {
      this.state = "failed";
      this.errorCode = response.val;
      return;
    }
    this.state = "sent";
    const { status, headers, body } = response.val;
    const stream = this.#sink.head(status, headers.entries());
    if (body === undefined) {
      stream.dispose();
      this.#sink.finish([]);
    } else {
      this.#body = body;
      body.connect(stream, this.#sink);
    }
  }

  /** Aborts a body that was begun and not finished. */
  close(reason: string): void {
    this.#body?.abort(reason);
  }
}

function sendInformational(_: WasiContext, _self: ResponseOutparam, status: number): unknown {
  if (status < 100 || status > 199) return err(plainError("HTTP-protocol-error"));
  return err({ tag: "internal-error", val: "informational responses are not supported" });
}

/** wasi:http/types: the functions of `response-outparam`. */
export const responseOutparamFunctions: Readonly<Record<string, HostFunction<WasiContext>>> = {
  "[method]response-outparam.send-informational": (
    context: WasiContext,
    self: ResponseOutparam,
    status: number,
    _headers: Fields,
  ) => sendInformational(context, self, status),
  "[static]response-outparam.set": (
    _: WasiContext,
    self: ResponseOutparam,
    response: Result<OutgoingResponse, ErrorCode>,
  ) => self.set(response),
};
