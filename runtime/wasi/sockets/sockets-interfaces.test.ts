import { expect, test } from "vitest";
import { socketsInterfaces } from "./sockets-interfaces.ts";
import { TestGuest } from "./sockets-fixture.ts";

test("the seven interfaces with all their functions", () => {
  const counts = socketsInterfaces.map(({ name, functions }) => [
    name,
    Object.keys(functions).length,
  ]);
  expect(Object.fromEntries(counts)).toEqual({
    "wasi:sockets/network": 1,
    "wasi:sockets/instance-network": 1,
    "wasi:sockets/tcp": 28,
    "wasi:sockets/tcp-create-socket": 1,
    "wasi:sockets/udp": 18,
    "wasi:sockets/udp-create-socket": 1,
    "wasi:sockets/ip-name-lookup": 3,
  });
});

test("each resource with methods is defined by the interface that has them", () => {
  for (const { functions, resources } of socketsInterfaces) {
    const methods = Object.keys(functions).filter((name) => name.startsWith("[method]"));
    const owners = new Set(methods.map((name) => name.slice("[method]".length).split(".")[0]));
    for (const owner of owners) expect(Object.keys(resources)).toContain(owner);
  }
});

test("every call of instance-network is a handle of its own", () => {
  using guest = new TestGuest();
  expect(guest.call("instance-network")).not.toBe(guest.call("instance-network"));
});
