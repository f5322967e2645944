import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { Network } from "./network.ts";

/** wasi:sockets/instance-network. */
export const instanceNetworkInterface: HostInterface<WasiContext> = {
  name: "wasi:sockets/instance-network",
  version: "0.2.12",
  functions: { "instance-network": () => new Network() },
  suspending: new Set(),
  resources: {},
};
