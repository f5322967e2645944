import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { WhorlError } from "../../error.ts";
import { err, ok } from "../../instance/host-interface.ts";
import type { HostFunction, Result } from "../../instance/host-interface.ts";
import type { OutboundObserver, WasiContext } from "../context.ts";
import type { Pollable } from "../io/pollable.ts";
import { Wakeup } from "../io/wakeup.ts";
import { HttpFailure, plainError } from "./error-code.ts";
import type { ErrorCode } from "./error-code.ts";
import { errorCodeOf } from "./error-mapping.ts";
import { IncomingResponse } from "./incoming-response.ts";
import { headerList } from "./raw-headers.ts";
import { ResponseBody } from "./response-body.ts";

/** Limits of one call, in milliseconds. */
export interface CallTimeouts {
  /** Until the request can be written to a connection. */
  readonly connect: number;
  /** From then until the response's head. */
  readonly firstByte: number;
  /** Between two pieces of the response's body. */
  readonly betweenBytes: number;
}

type Answer = Result<IncomingResponse, ErrorCode>;

/**
 * One outgoing request under way: undici's handler on one side, wasi:http/types
 * `future-incoming-response` (and its pollable) on the other.
 */
export class FutureIncomingResponse implements Dispatcher.DispatchHandler, Pollable {
  readonly #timeouts: CallTimeouts;
  readonly #requestBody: Readable | undefined;
  readonly #observer: OutboundObserver | undefined;
  readonly #wakeup = new Wakeup();
  #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #body: ResponseBody | undefined;
  #answer: Answer | undefined;
  #taken = false;
  /** The answering component of this app failed: so does the guest that has asked it. */
  #trap: WhorlError | undefined;

  /** Starts the time for connecting. */
  constructor(
    timeouts: CallTimeouts,
    requestBody: Readable | undefined,
    observer?: OutboundObserver,
  ) {
    this.#observer = observer;
    this.#timeouts = timeouts;
    this.#requestBody = requestBody;
    this.#timer = setTimeout(timeOutConnect, timeouts.connect, this);
  }

  isReady(): boolean {
    return this.#answer !== undefined;
  }

  wait(): Promise<void> {
    return this.isReady() ? Promise.resolve() : this.#wakeup.wait();
  }

  /**
   * Undefined before the answer; the outer `err` from the second time on. Throws `trap` where the
   * answer would have come from a component of this app that has failed.
   */
  get(): Result<Answer, undefined> | undefined {
    if (this.#trap !== undefined) throw this.#trap;
    if (this.#answer === undefined) return undefined;
    if (this.#taken) return err(undefined);
    this.#taken = true;
    return ok(this.#answer);
  }

  /** The guest dropped it: an answer that it has not taken is not wanted. */
  drop(): void {
    if (this.#taken) return;
    this.fail(plainError("connection-terminated"));
    if (this.#answer?.tag === "ok") this.#answer.val.drop();
  }

  /** Ends the call with an error, if it has no answer yet. */
  fail(code: ErrorCode): void {
    if (this.#answer !== undefined) return;
    this.#settle(err(code));
    this.#controller?.abort(new HttpFailure(code));
    // A request that still waits for its connection would let the guest's writes wait with it.
    this.#requestBody?.destroy();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#answer !== undefined) {
      controller.abort(new HttpFailure(plainError("connection-terminated")));
      return;
    }
    this.#controller = controller;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(timeOutFirstByte, this.#timeouts.firstByte, this);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // An informational response announces another one.
    if (status < 200 || this.#answer !== undefined) return;
    const body = new ResponseBody(controller, this.#timeouts.betweenBytes);
    this.#body = body;
    this.#settle(ok(new IncomingResponse(status, controller.rawHeaders, body)));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#body?.end(ok(headerList(controller.rawTrailers)));
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const code = errorCodeOf(error);
    this.#requestBody?.destroy();
    if (error instanceof WhorlError && error.code === "trap") this.#trap = error;
    if (this.#answer === undefined) this.#settle(err(code));
    else this.#body?.end(err(code));
  }

  #settle(answer: Answer): void {
    clearTimeout(this.#timer);
    this.#answer = answer;
    if (answer.tag === "ok") this.#observer?.end(answer.val.status);
    else this.#observer?.end(undefined, answer.val.tag);
    this.#wakeup.wake();
  }
}

function timeOutConnect(call: FutureIncomingResponse): void {
  call.fail(plainError("connection-timeout"));
}

function timeOutFirstByte(call: FutureIncomingResponse): void {
  call.fail(plainError("connection-read-timeout"));
}

type Context = WasiContext;

/** wasi:http/types: the functions of `future-incoming-response`. */
export const futureIncomingResponseFunctions: Readonly<Record<string, HostFunction<WasiContext>>> =
  {
    "[method]future-incoming-response.subscribe": (_: Context, self: FutureIncomingResponse) =>
      self,
    "[method]future-incoming-response.get": (_: Context, self: FutureIncomingResponse) =>
      self.get(),
  };
