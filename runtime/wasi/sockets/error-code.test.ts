import { expect, test } from "vitest";
import { IoError } from "../io/streams.ts";
import { networkErrorCode, socketErrorCode } from "./error-code.ts";
import { interfaceNamed, TestGuest } from "./sockets-fixture.ts";

test.each([
  ["ECONNREFUSED", "connection-refused"],
  ["EADDRNOTAVAIL", "address-not-bindable"],
  ["EACCES", "access-denied"],
  ["EMFILE", "new-socket-limit"],
  ["ETIMEDOUT", "timeout"],
  ["EPIPE", undefined],
  ["ERR_OUT_OF_RANGE", undefined],
  ["toString", undefined],
] as const)("%s is %s", (errno, code) => {
  const error = Object.assign(new Error(errno), { code: errno });
  expect(networkErrorCode(error)).toBe(code);
  expect(socketErrorCode(error)).toBe(code ?? "unknown");
});

test("what is not a system error has no network code", () => {
  expect(networkErrorCode("ECONNRESET")).toBeUndefined();
  expect(networkErrorCode(Object.assign(new Error("x"), { code: 104 }))).toBeUndefined();
});

test("network-error-code looks into a stream's error", () => {
  using guest = new TestGuest();
  const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  expect(guest.call("network-error-code", new IoError(reset))).toBe("connection-reset");
  expect(guest.call("network-error-code", new IoError(new Error("else")))).toBeUndefined();
  expect(interfaceNamed("wasi:sockets/network").version).toBe("0.2.12");
});
