import { Dispatcher } from "undici";
import type { Permits, Release } from "./permits.ts";

/** Sends requests once each has a permit, and gives it back when the response has ended. */
export class LimitedDispatcher extends Dispatcher {
  readonly #next: Dispatcher;
  readonly #permits: Permits;

  constructor(next: Dispatcher, permits: Permits) {
    super();
    this.#next = next;
    this.#permits = permits;
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    const permit = this.#permits.acquire();
    if (permit instanceof Promise) {
      void permit.then((release) => this.#dispatch(options, handler, release));
      return false;
    }
    return this.#dispatch(options, handler, permit);
  }

  #dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    release: Release,
  ): boolean {
    return this.#next.dispatch(options, new ReleasingHandler(handler, release));
  }
}

type IncomingHeaders = Dispatcher.ResponseData["headers"];

class ReleasingHandler implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #release: Release;

  constructor(handler: Dispatcher.DispatchHandler, release: Release) {
    this.#handler = handler;
    this.#release = release;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHeaders,
    statusText?: string,
  ): void {
    this.#handler.onResponseStart?.(controller, status, headers, statusText);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: IncomingHeaders): void {
    this.#release();
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#release();
    this.#handler.onResponseError?.(controller, error);
  }
}
