import { expect, test } from "vitest";
import { limits } from "../../limits.ts";
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

test("an instance has a bounded number of sockets, and a dropped one makes room", async () => {
  using guest = new TestGuest();
  const listener = await guest.listener();
  const client = guest.socket("tcp");
  await guest.connect(client, guest.local("tcp", listener));
  await listener.wait();
  const last = guest.socket("udp");
  for (let open = 3; open < limits.openSocketsMax; open += 1) guest.socket("tcp");
  expect(guest.code("create-tcp-socket", "ipv4")).toBe("new-socket-limit");
  expect(guest.code("create-udp-socket", "ipv4")).toBe("new-socket-limit");
  expect(guest.code("[method]tcp-socket.accept", listener)).toBe("new-socket-limit");
  guest.drop(last);
  await guest.accept(listener);
  expect(guest.code("create-tcp-socket", "ipv4")).toBe("new-socket-limit");
});
