import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { findFreePort } from "./free-port.ts";

test("findFreePort skips a port in use", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const found = await findFreePort({ host: "127.0.0.1", port }).finally(() => server.close());
  expect(found.host).toBe("127.0.0.1");
  expect(found.port).toBeGreaterThan(port);
});

test("findFreePort says that a host is not this machine", async () => {
  // An address for documentation, which no machine has.
  await expect(findFreePort({ host: "192.0.2.1", port: 3000 })).rejects.toMatchObject({
    code: "listen",
    message: expect.stringContaining("cannot listen on 192.0.2.1"),
  });
});
