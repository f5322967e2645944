import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { httpInterfaces } from "../http/http-interfaces.ts";
import { socketsInterfaces } from "../sockets/sockets-interfaces.ts";
import { basicInterfaces } from "../wasi-interfaces.ts";

/** All of WASI 0.2: what the release candidates are made from. */
export const releasedInterfaces: readonly HostInterface<WasiContext>[] = [
  ...basicInterfaces,
  ...socketsInterfaces,
  ...httpInterfaces,
];
