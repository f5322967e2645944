import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { errorCodeOf } from "./error-mapping.ts";
import { outboundAgent } from "./outbound-agent.ts";

async function statusOf(host: string, allowed: boolean): Promise<unknown> {
  const asked: string[] = [];
  await using server = createServer((_, response) => response.end());
  server.listen(0, host === "[::1]" ? "::1" : "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const agent = outboundAgent({
    isAddressAllowed: (address) => {
      asked.push(address);
      return allowed;
    },
  });
  try {
    const response = await agent.request({
      origin: `http://${host}:${port}`,
      path: "/",
      method: "GET",
    });
    await response.body.dump();
    return response.statusCode;
  } catch (error) {
    return errorCodeOf(error).tag;
  } finally {
    await agent.destroy();
    expect(asked).toContain("127.0.0.1");
  }
}

test.each(["127.0.0.1", "localhost"])(
  "%s is connected to where the policy allows",
  async (host) => {
    expect(await statusOf(host, true)).toBe(200);
  },
);

test.each(["127.0.0.1", "localhost"])("%s is refused where the policy says so", async (host) => {
  expect(await statusOf(host, false)).toBe("destination-IP-prohibited");
});
