import { httpV1 } from "../../spin/http/http.ts";
import type { GuestService } from "./guest-service.ts";

/** fermyon:spin/http; what it needs of a context is there for wasi:http as well. */
export function openHttpService(): GuestService {
  return {
    interfaces: [httpV1],
    newScope: () => ({}),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
