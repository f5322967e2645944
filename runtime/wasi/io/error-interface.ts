import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { IoError } from "./streams.ts";

/** wasi:io/error: the payload of a failed stream operation; its object is an {@link IoError}. */
export const ioError: HostInterface<WasiContext> = {
  name: "wasi:io/error",
  version: "0.2.12",
  functions: {
    "[method]error.to-debug-string": (_context: WasiContext, error: IoError) =>
      error.toDebugString(),
  },
  suspending: new Set(),
  resources: { error: {} },
};
