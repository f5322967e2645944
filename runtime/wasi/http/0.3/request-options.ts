import { err, ok } from "../../../instance/host-interface.ts";
import type { HostFunction, Result } from "../../../instance/host-interface.ts";
import type { WasiContext } from "../../context.ts";
import { RequestOptions } from "../request-options.ts";

/** wasi:http/types@0.3 `request-options-error`, as far as it occurs. */
interface OptionsError {
  readonly tag: "immutable";
  readonly val: undefined;
}

type Outcome = Result<undefined, OptionsError>;
type Duration = bigint | undefined;
type Context = WasiContext;

/** wasi:http/types@0.3 `request-options`; immutable once a request has it. */
export class RequestOptions03 extends RequestOptions {
  #isFrozen = false;

  freeze(): this {
    this.#isFrozen = true;
    return this;
  }

  change(
    key: "connectTimeout" | "firstByteTimeout" | "betweenBytesTimeout",
    duration: Duration,
  ): Outcome {
    if (this.#isFrozen) return err({ tag: "immutable", val: undefined });
    this[key] = duration;
    return ok(undefined);
  }

  /** A mutable copy. */
  clone(): RequestOptions03 {
    return Object.assign(new RequestOptions03(), this);
  }
}

type Self = RequestOptions03;

/** wasi:http/types@0.3: the functions of `request-options`. */
export const requestOptionsFunctions03: Readonly<Record<string, HostFunction<WasiContext>>> = {
  "[constructor]request-options": () => new RequestOptions03(),
  "[method]request-options.get-connect-timeout": (_: Context, self: Self) => self.connectTimeout,
  "[method]request-options.set-connect-timeout": (_: Context, self: Self, duration: Duration) =>
    self.change("connectTimeout", duration),
  "[method]request-options.get-first-byte-timeout": (_: Context, self: Self) =>
    self.firstByteTimeout,
  "[method]request-options.set-first-byte-timeout": (_: Context, self: Self, duration: Duration) =>
    self.change("firstByteTimeout", duration),
  "[method]request-options.get-between-bytes-timeout": (_: Context, self: Self) =>
    self.betweenBytesTimeout,
  "[method]request-options.set-between-bytes-timeout": (
    _: Context,
    self: Self,
    duration: Duration,
  ) => self.change("betweenBytesTimeout", duration),
  "[method]request-options.clone": (_: Context, self: Self) => self.clone(),
};
