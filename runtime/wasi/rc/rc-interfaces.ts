import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { filesystemTypes20231018 } from "./filesystem-2023-10-18.ts";
import { httpTypes20231018, outgoingHandler20231018 } from "./http-2023-10-18.ts";
import { httpTypes20231110 } from "./http-2023-11-10.ts";
import { monotonicClock20231018, poll20231018, streams20231018 } from "./io-2023-10-18.ts";
import { reissued } from "./reissued.ts";
import { releasedInterfaces } from "./released-interfaces.ts";
import { tcp20231018, udp20231018, udpCreateSocket20231018 } from "./sockets-2023-10-18.ts";
import { tcp20231110, udp20231110 } from "./sockets-2023-11-10.ts";

/** WASI 0.2.0-rc-2023-10-18: what SDKs of that autumn built against. */
export const interfaces20231018: readonly HostInterface<WasiContext>[] = reissued(
  releasedInterfaces,
  "0.2.0-rc-2023-10-18",
  {
    "wasi:io/poll": poll20231018,
    "wasi:io/streams": streams20231018,
    "wasi:clocks/monotonic-clock": monotonicClock20231018,
    "wasi:filesystem/types": filesystemTypes20231018,
    "wasi:sockets/tcp": tcp20231018,
    "wasi:sockets/udp": udp20231018,
    "wasi:sockets/udp-create-socket": udpCreateSocket20231018,
    "wasi:http/types": httpTypes20231018,
    "wasi:http/outgoing-handler": outgoingHandler20231018,
  },
);

/** WASI 0.2.0-rc-2023-11-10. */
export const interfaces20231110: readonly HostInterface<WasiContext>[] = reissued(
  releasedInterfaces,
  "0.2.0-rc-2023-11-10",
  {
    "wasi:sockets/tcp": tcp20231110,
    "wasi:sockets/udp": udp20231110,
    "wasi:http/types": httpTypes20231110,
  },
);

/** Both release candidates that components in use were built against. */
export const rcInterfaces: readonly HostInterface<WasiContext>[] = [
  ...interfaces20231018,
  ...interfaces20231110,
];
