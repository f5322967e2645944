import { ok } from "../../instance/host-interface.ts";
import type { HostFunction } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";

/** wasi:http/types `request-options`; nanoseconds, undefined for the host's own limit. */
export class RequestOptions {
  connectTimeout: bigint | undefined;
  firstByteTimeout: bigint | undefined;
  betweenBytesTimeout: bigint | undefined;
}

type Context = WasiContext;
type Duration = bigint | undefined;

const done = ok(undefined);

/** wasi:http/types: the functions of `request-options`. */
export const requestOptionsFunctions: Readonly<Record<string, HostFunction<WasiContext>>> = {
  "[constructor]request-options": () => new RequestOptions(),
  "[method]request-options.connect-timeout": (_: Context, self: RequestOptions) =>
    self.connectTimeout,
  "[method]request-options.set-connect-timeout": (
    _: Context,
    self: RequestOptions,
    duration: Duration,
  ) => {
    self.connectTimeout = duration;
    return done;
  },
  "[method]request-options.first-byte-timeout": (_: Context, self: RequestOptions) =>
    self.firstByteTimeout,
  "[method]request-options.set-first-byte-timeout": (
    _: Context,
    self: RequestOptions,
    duration: Duration,
  ) => {
    self.firstByteTimeout = duration;
    return done;
  },
  "[method]request-options.between-bytes-timeout": (_: Context, self: RequestOptions) =>
    self.betweenBytesTimeout,
  "[method]request-options.set-between-bytes-timeout": (
    _: Context,
    self: RequestOptions,
    duration: Duration,
  ) => {
    self.betweenBytesTimeout = duration;
    return done;
  },
};
