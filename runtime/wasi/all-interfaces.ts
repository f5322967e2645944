import type { HostInterface } from "../instance/host-interface.ts";
import type { WasiContext } from "./context.ts";
import { httpInterfaces } from "./http/http-interfaces.ts";
import { rcInterfaces } from "./rc/rc-interfaces.ts";
import { socketsInterfaces } from "./sockets/sockets-interfaces.ts";
import { basicInterfaces } from "./wasi-interfaces.ts";

/** Every WASI interface that the host provides. */
export const wasiInterfaces: readonly HostInterface<WasiContext>[] = [
  ...basicInterfaces,
  ...httpInterfaces,
  ...socketsInterfaces,
  ...rcInterfaces,
];
