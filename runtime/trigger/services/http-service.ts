import type { HostInterface } from "../../instance/host-interface.ts";
import { httpV1 } from "../../spin/http/http.ts";
import type { GuestContext } from "../guest-context.ts";
import type { GuestService } from "./guest-service.ts";

/** fermyon:spin/http; what it needs of a context is there for wasi:http as well. */
export const httpInterfaces: readonly HostInterface<GuestContext>[] = [httpV1];

/** Opens the service of {@link httpInterfaces}. */
export function openHttpService(): GuestService {
  return {
    interfaces: httpInterfaces,
    newScope: () => ({}),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
