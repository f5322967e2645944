import { err, ok } from "../../instance/host-interface.ts";
import type { HostFunction, Result } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { BodySource } from "./body-source.ts";
import { Fields } from "./fields.ts";
import { IncomingBody } from "./incoming-body.ts";
import { headerList } from "./raw-headers.ts";

type RawHeaders = Parameters<typeof headerList>[0];

/** wasi:http/types `incoming-response`. */
export class IncomingResponse {
  readonly status: number;
  readonly #source: BodySource;
  readonly #raw: RawHeaders;
  #headers: Fields | undefined;
  #consumed = false;

  constructor(status: number, raw: RawHeaders, source: BodySource) {
    this.status = status;
    this.#raw = raw;
    this.#source = source;
  }

  headers(): Fields {
    return (this.#headers ??= Fields.received(headerList(this.#raw)));
  }

  /** Succeeds once. */
  consume(): Result<IncomingBody, undefined> {
    if (this.#consumed) return err(undefined);
    this.#consumed = true;
    return ok(new IncomingBody(this.#source));
  }

  /** The body itself, for whoever does without an incoming-body; afterwards it is consumed. */
  takeSource(): BodySource {
    this.#consumed = true;
    return this.#source;
  }

  /** The guest dropped it: a body that it has not taken is not wanted. */
  drop(): void {
    if (!this.#consumed) this.#source.cancel();
  }
}

type Context = WasiContext;

/** wasi:http/types: the functions of `incoming-response`. */
export const incomingResponseFunctions: Readonly<Record<string, HostFunction<WasiContext>>> = {
  "[method]incoming-response.status": (_: Context, self: IncomingResponse) => self.status,
  "[method]incoming-response.headers": (_: Context, self: IncomingResponse) => self.headers(),
  "[method]incoming-response.consume": (_: Context, self: IncomingResponse) => self.consume(),
};
