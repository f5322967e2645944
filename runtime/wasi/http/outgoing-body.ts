import { trap } from "../../error.ts";
import { err, ok } from "../../instance/host-interface.ts";
import type { HostFunction, Result } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { OutputStream } from "../io/streams.ts";
import { BodyWriter } from "./body-writer.ts";
import type { BodyEnd, BodyOf } from "./body-writer.ts";
import type { ErrorCode } from "./error-code.ts";
import type { Fields } from "./fields.ts";

/** wasi:http/types `outgoing-body`, of a request or a response. */
export class OutgoingBody {
  readonly #of: BodyOf;
  readonly #writer: BodyWriter;
  #taken = false;

  /** `declared`: the value of content-length, which the written bytes must match. */
  constructor(of: BodyOf, declared: number | undefined) {
    this.#of = of;
    this.#writer = new BodyWriter(of, declared);
  }

  /** Whether it was finished or aborted. */
  get isEnded(): boolean {
    return this.#writer.isEnded;
  }

  /** Says where the body goes; once. */
  connect(stream: OutputStream, end: BodyEnd): void {
    this.#writer.connect(stream, end);
  }

  /** Succeeds once. */
  write(): Result<OutputStream, undefined> {
    if (this.#taken) return err(undefined);
    this.#taken = true;
    this.#writer.isOpen = true;
    return ok(this.#writer);
  }

  /** Traps while the guest still holds the stream. */
  finish(trailers: Fields | undefined): Result<undefined, ErrorCode> {
    if (this.#writer.isOpen) {
      trap("outgoing-body.finish: the body's output-stream must be dropped first");
    }
    const lines = trailers?.entries() ?? [];
    const problem = this.#writer.lengthError() ?? this.#trailersError(lines.length);
    if (problem !== undefined) {
      this.#writer.abort(`the guest's ${this.#of} body could not be finished: ${problem.tag}`);
      return err(problem);
    }
    this.#writer.finish(lines);
    return ok(undefined);
  }

  /**
   * The body stays incomplete, and the peer must notice; nothing after {@link finish}. Called also
   * when the guest drops the body or its instance ends. A stream that is still open does not trap
   * here, because at an instance's end the order of drops means nothing; it is closed.
   */
  abort(reason: string): void {
    this.#writer.abort(reason);
  }

  #trailersError(count: number): ErrorCode | undefined {
    if (count === 0 || this.#of === "response") return undefined;
    return { tag: "internal-error", val: "trailers of an outgoing request cannot be sent" };
  }
}

type Context = WasiContext;

/** wasi:http/types: the functions of `outgoing-body`. */
export const outgoingBodyFunctions: Readonly<Record<string, HostFunction<WasiContext>>> = {
  "[method]outgoing-body.write": (_: Context, self: OutgoingBody) => self.write(),
  "[static]outgoing-body.finish": (_: Context, self: OutgoingBody, trailers: Fields | undefined) =>
    self.finish(trailers),
};
