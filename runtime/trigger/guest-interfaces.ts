import type { HostInterface } from "../instance/host-interface.ts";
import { storeInterfaces } from "../spin/store-interfaces.ts";
import { wasiInterfaces } from "../wasi/all-interfaces.ts";
import type { GuestContext } from "./guest-context.ts";

/** What the components of an app may import without a service that has to be opened for it. */
export const guestInterfaces: readonly HostInterface<GuestContext>[] = [
  ...wasiInterfaces,
  ...storeInterfaces,
];
