import type { HostInterface } from "../instance/host-interface.ts";
import { withCandidate } from "./release-candidate.ts";
import { cliInterfaces03 } from "./cli/0.3/cli-interfaces.ts";
import { clocksInterfaces03 } from "./clocks/0.3/clocks-interfaces.ts";
import type { WasiContext } from "./context.ts";
import { filesystemInterfaces03 } from "./filesystem/0.3/filesystem-interfaces.ts";
import { httpInterfaces03 } from "./http/0.3/http-interfaces.ts";
import { httpInterfaces } from "./http/http-interfaces.ts";
import { randomInterfaces03 } from "./random/0.3/random-interfaces.ts";
import { rcInterfaces } from "./rc/rc-interfaces.ts";
import { socketsInterfaces03 } from "./sockets/0.3/sockets-interfaces.ts";
import { socketsInterfaces } from "./sockets/sockets-interfaces.ts";
import { basicInterfaces } from "./wasi-interfaces.ts";

/** Every WASI interface that the host provides. */
export const wasiInterfaces: readonly HostInterface<WasiContext>[] = [
  ...basicInterfaces,
  ...httpInterfaces,
  ...socketsInterfaces,
  ...rcInterfaces,
  ...withCandidate([
    ...cliInterfaces03,
    ...clocksInterfaces03,
    ...randomInterfaces03,
    ...filesystemInterfaces03,
    ...socketsInterfaces03,
    ...httpInterfaces03,
  ]),
];
