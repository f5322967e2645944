import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { expect, test } from "vitest";
import { descriptorOf, openDescriptors } from "./descriptors.ts";

test("without node:ffi the reason says what to do instead", () => {
  const load = (): never => {
    throw new Error("no such built-in module");
  };
  expect(() => openDescriptors(load)).toThrow(
    expect.objectContaining({
      code: "unsupported",
      message: expect.stringMatching(/with a whorl up of its own$/) as string,
    }),
  );
});

test("whether anything was ever sent on a connection is asked of the kernel", async () => {
  const { isUnanswered } = openDescriptors();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [socket] = (await once(server, "connection")) as [Socket];
  const fd = descriptorOf(socket) ?? -1;
  try {
    client.write("a request");
    await once(socket, "data");
    expect(isUnanswered(fd)).toBe(true);
    socket.write("an answer");
    await once(client, "data");
    expect(isUnanswered(fd)).toBe(false);
  } finally {
    socket.destroy();
    client.destroy();
    server.close();
  }
  // No socket, and none any more: nobody knows.
  expect([isUnanswered(0), isUnanswered(-1)]).toEqual([false, false]);
});
