import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { datetimeOf } from "./datetime.ts";
import type { Datetime } from "./datetime.ts";

const beginning: Datetime = { seconds: 0n, nanoseconds: 0 };

/** wasi:clocks/wall-clock; a clock set to before 1970 shows 1970. */
export const wallClock: HostInterface<WasiContext> = {
  name: "wasi:clocks/wall-clock",
  version: "0.2.12",
  functions: {
    now: (context: WasiContext) => datetimeOf(context.clocks.wallNs()) ?? beginning,
    resolution: (): Datetime => ({ seconds: 0n, nanoseconds: 1_000_000 }),
  },
  suspending: new Set(),
  resources: {},
};
