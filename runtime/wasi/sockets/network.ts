import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { IoError } from "../io/streams.ts";
import { networkErrorCode } from "./error-code.ts";
import type { SocketErrorCode } from "./error-code.ts";

/**
 * wasi:sockets/network `network`. A placeholder: what a guest may use is decided by its context,
 * not by the handle.
 */
export class Network {}

/** wasi:sockets/network, with the unstable `network-error-code`. */
export const networkInterface: HostInterface<WasiContext> = {
  name: "wasi:sockets/network",
  version: "0.2.12",
  functions: {
    "network-error-code": (_context: WasiContext, error: IoError): SocketErrorCode | undefined =>
      networkErrorCode(error.cause),
  },
  suspending: new Set(),
  resources: { network: {} },
};
