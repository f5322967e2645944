import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { httpTypes } from "./http-types.ts";
import { outgoingHandler } from "./outgoing-handler.ts";

/** wasi:http as the guest imports it. */
export const httpInterfaces: readonly HostInterface<WasiContext>[] = [httpTypes, outgoingHandler];
