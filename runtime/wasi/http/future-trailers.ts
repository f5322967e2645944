import { err, ok } from "../../instance/host-interface.ts";
import type { HostFunction, Result } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { Pollable } from "../io/pollable.ts";
import type { BodySource } from "./body-source.ts";
import type { ErrorCode } from "./error-code.ts";
import type { HeaderList } from "./exchange.ts";
import { Fields } from "./fields.ts";

/** Undefined before the end of the body; the outer `err` from the second time on. */
export type TrailersResult = Result<Result<Fields | undefined, ErrorCode>, undefined> | undefined;

/** wasi:http/types `future-trailers`; its own pollable. */
export class FutureTrailers implements Pollable {
  readonly #source: BodySource;
  readonly #settled: Promise<void>;
  #result: Result<HeaderList, ErrorCode> | undefined;
  #taken = false;

  constructor(source: BodySource) {
    this.#source = source;
    this.#settled = source.finish().then((result) => {
      this.#result = result;
    });
  }

  isReady(): boolean {
    return this.#result !== undefined;
  }

  wait(): Promise<void> {
    return this.#settled;
  }

  get(): TrailersResult {
    const result = this.#result;
    if (result === undefined) return undefined;
    if (this.#taken) return err(undefined);
    this.#taken = true;
    if (result.tag === "err") return ok(result);
    return ok(ok(result.val.length === 0 ? undefined : Fields.received(result.val)));
  }

  /** The guest dropped it: the rest of the body is of no use. */
  drop(): void {
    if (this.#result === undefined) this.#source.cancel();
  }
}

/** wasi:http/types: the functions of `future-trailers`. */
export const futureTrailersFunctions: Readonly<Record<string, HostFunction<WasiContext>>> = {
  "[method]future-trailers.subscribe": (_: WasiContext, self: FutureTrailers) => self,
  "[method]future-trailers.get": (_: WasiContext, self: FutureTrailers) => self.get(),
};
