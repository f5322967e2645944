import { trap } from "../../error.ts";
import { err, ok } from "../../instance/host-interface.ts";
import type { HostFunction, Result } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { StreamFailure } from "../io/streams.ts";
import type { InputStream } from "../io/streams.ts";
import type { BodySource } from "./body-source.ts";
import { HttpFailure } from "./error-code.ts";
import { errorCodeOf } from "./error-mapping.ts";
import { FutureTrailers } from "./future-trailers.ts";

/** wasi:http/types `incoming-body`, of a request or a response. */
export class IncomingBody {
  readonly #source: BodySource;
  #stream: IncomingBodyStream | undefined;
  #finished = false;

  constructor(source: BodySource) {
    this.#source = source;
  }

  /** Succeeds once. */
  stream(): Result<InputStream, undefined> {
    if (this.#stream !== undefined) return err(undefined);
    this.#stream = new IncomingBodyStream(this.#source.open());
    return ok(this.#stream);
  }

  /** Traps while the guest still holds the stream. */
  finish(): FutureTrailers {
    if (this.#stream?.isOpen === true) {
      trap("incoming-body.finish: the body's input-stream must be dropped first");
    }
    this.#finished = true;
    return new FutureTrailers(this.#source);
  }

  /**
   * The guest dropped it, or its instance ends. A stream that is still open does not trap here,
   * because at an instance's end the order of drops means nothing; its next read fails.
   */
  drop(): void {
    if (!this.#finished) this.#source.cancel();
  }
}

/** The content, with failures that `http-error-code` understands. */
class IncomingBodyStream implements InputStream {
  readonly #inner: InputStream;
  isOpen = true;

  constructor(inner: InputStream) {
    this.#inner = inner;
  }

  isReady(): boolean {
    return this.#inner.isReady();
  }

  wait(): Promise<void> {
    return this.#inner.wait();
  }

  read(length: number): Uint8Array {
    try {
      return this.#inner.read(length);
    } catch (error) {
      throw withErrorCode(error);
    }
  }

  dispose(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#inner.dispose();
  }
}

function withErrorCode(error: unknown): unknown {
  if (!(error instanceof StreamFailure) || error.error.tag === "closed") return error;
  const { cause } = error.error.val;
  if (cause instanceof HttpFailure) return error;
  return StreamFailure.failed(new HttpFailure(errorCodeOf(cause), { cause }));
}

/** wasi:http/types: the functions of `incoming-body`. */
export const incomingBodyFunctions: Readonly<Record<string, HostFunction<WasiContext>>> = {
  "[method]incoming-body.stream": (_: WasiContext, self: IncomingBody) => self.stream(),
  "[static]incoming-body.finish": (_: WasiContext, self: IncomingBody) => self.finish(),
};
