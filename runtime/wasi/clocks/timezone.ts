import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";

/** wasi:clocks/timezone; guests live in UTC, whatever the node's own zone. */
export const timezone: HostInterface<WasiContext> = {
  name: "wasi:clocks/timezone",
  version: "0.2.12",
  functions: {
    display: () => ({ utcOffset: 0, name: "UTC", inDaylightSavingTime: false }),
    "utc-offset": () => 0,
  },
  suspending: new Set(),
  resources: {},
};
