import type { Changes } from "./reissued.ts";
import { takenBack } from "./taken-back.ts";

/** wasi:sockets/tcp 0.2.0-rc-2023-11-10, as it differs from 0.2. */
export const tcp20231110: Changes = {
  functions: takenBack("not-supported", [
    "[method]tcp-socket.ipv6-only",
    "[method]tcp-socket.set-ipv6-only",
  ]),
};

/** wasi:sockets/udp 0.2.0-rc-2023-11-10, as it differs from 0.2. */
export const udp20231110: Changes = {
  functions: takenBack("not-supported", [
    "[method]udp-socket.ipv6-only",
    "[method]udp-socket.set-ipv6-only",
  ]),
};
