import { trap } from "../../error.ts";
import { ok } from "../../instance/host-interface.ts";
import type { HostFunction, Result } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { ErrorCode } from "../http/error-code.ts";
import type { Fields } from "../http/fields.ts";
import type { FutureTrailers } from "../http/future-trailers.ts";
import type { RequestOptions } from "../http/request-options.ts";
import type { Changes } from "./reissued.ts";

type Functions = Readonly<Record<string, HostFunction<WasiContext>>>;
type Timeout = "connectTimeout" | "firstByteTimeout" | "betweenBytesTimeout";

const nsPerMs = 1_000_000n;

/**
 * The trailers once they are there. The candidates have no answer for a second question: a trap.
 */
export function trailersOnce(
  future: FutureTrailers,
): Result<Fields | undefined, ErrorCode> | undefined {
  const result = future.get();
  if (result?.tag === "err") trap("future-trailers.get: the trailers were retrieved already");
  return result?.val;
}

/** Milliseconds here, by the text of that WIT and the name of its functions. */
function timeoutFunctions(name: string, property: Timeout): Functions {
  return {
    [`[method]request-options.${name}-ms`]: (_: WasiContext, self: RequestOptions) => {
      const ns = self[property];
      return ns === undefined ? undefined : ns / nsPerMs;
    },
    [`[method]request-options.set-${name}-ms`]: (
      _: WasiContext,
      self: RequestOptions,
      ms: bigint | undefined,
    ) => {
      self[property] = ms === undefined ? undefined : ms * nsPerMs;
      return ok(undefined);
    },
  };
}

/** wasi:http/types 0.2.0-rc-2023-11-10, as it differs from 0.2. */
export const httpTypes20231110: Changes = {
  functions: {
    ...timeoutFunctions("connect-timeout", "connectTimeout"),
    ...timeoutFunctions("first-byte-timeout", "firstByteTimeout"),
    ...timeoutFunctions("between-bytes-timeout", "betweenBytesTimeout"),
    "[method]future-trailers.get": (_: WasiContext, self: FutureTrailers) => trailersOnce(self),
  },
};
