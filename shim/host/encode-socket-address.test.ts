import { expect, test } from "vitest";
import { encodeSocketAddress } from "./encode-socket-address.ts";

test.each([
  ["127.0.0.1", 80, "02000050 7f000001 00000000 00000000"],
  ["::", 8080, "0a001f90 00000000 00000000 00000000 00000000 00000000 00000000"],
  ["::1", 1, "0a000001 00000000 00000000 00000000 00000000 00000001 00000000"],
  ["fe80::a:0:1", 1, "0a000001 00000000 fe800000 00000000 0000000a 00000001 00000000"],
  ["::ffff:1.2.3.4", 1, "0a000001 00000000 00000000 00000000 0000ffff 01020304 00000000"],
])("%s and port %d", (host, port, hex) => {
  expect(encodeSocketAddress({ host, port }).toString("hex")).toBe(hex.replaceAll(" ", ""));
});

test.each(["", "localhost", "1.2.3", "fe80::1%eth0"])("%j is refused", (host) => {
  expect(() => encodeSocketAddress({ host, port: 1 })).toThrow("no IP address");
});
