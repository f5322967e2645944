import { connect } from "node:http2";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { answer, RawClient, respond, startServer } from "./test-server.ts";
import type { Guest } from "./test-server.ts";

const get = ["GET / HTTP/1.1", "Host: h", "", ""];

/** A guest that answers when it is told to. */
function held(): { readonly guest: Guest; readonly started: Promise<void>; release(): void } {
  const started = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const guest: Guest = async (_exchange, sink) => {
    started.resolve();
    await released.promise;
    respond(sink, "done");
  };
  return { guest, started: started.promise, release: released.resolve };
}

test("closes idle connections and refuses new ones at once", async () => {
  await using server = await startServer(answer("x"));
  using idle = await RawClient.connect(server);
  idle.send(...get);
  await idle.until("\r\n\r\nx");
  using untouched = await RawClient.connect(server);
  await server.close();
  await idle.untilClosed();
  await untouched.untilClosed();
  await expect(RawClient.connect(server)).rejects.toThrow("ECONNREFUSED");
});

test("lets a request in flight finish, then closes its connection", async () => {
  const { guest, started, release } = held();
  await using server = await startServer(guest);
  using client = await RawClient.connect(server);
  client.send(...get);
  await started;
  const closed = server.close();
  release();
  const received = await client.untilClosed();
  expect(received).toContain("Connection: close\r\n");
  expect(received).toContain("\r\n\r\ndone");
  await closed;
});

test("closes a connection whose head went out before", async () => {
  const release = Promise.withResolvers<void>();
  await using server = await startServer(async (_exchange, sink) => {
    sink.head(200, []).write(Buffer.from("begun"));
    await release.promise;
    sink.finish([]);
  });
  using client = await RawClient.connect(server);
  client.send(...get);
  await client.until("begun");
  const closed = server.close();
  release.resolve();
  expect(await client.untilClosed()).toContain("0\r\n\r\n");
  await closed;
});

test("lets an HTTP/2 stream in flight finish", async () => {
  const { guest, started, release } = held();
  await using server = await startServer(guest);
  const client = connect(server.address.url);
  const stream = client.request({ ":path": "/" });
  await started;
  const closed = server.close();
  const goaway = once(client, "goaway");
  await goaway;
  release();
  expect(await text(stream)).toBe("done");
  await closed;
});

test.each(["deadline", "signal", "aborted signal"])("breaks off at the %s", async (by) => {
  const { guest, started, release } = held();
  const shutdownMsMax = by === "deadline" ? 20 : 60_000;
  await using server = await startServer(guest, { limits: { shutdownMsMax } });
  using client = await RawClient.connect(server);
  client.send(...get);
  await started;
  const http2 = connect(server.address.url);
  http2.on("error", () => {});
  await once(http2, "remoteSettings");
  const controller = new AbortController();
  if (by === "aborted signal") controller.abort();
  const closed = server.close(by === "deadline" ? {} : { signal: controller.signal });
  if (by === "signal") setImmediate(() => controller.abort());
  await closed;
  expect(await client.untilClosed()).toBe("");
  release();
});

test("closing twice waits for the same", async () => {
  const server = await startServer(answer("x"));
  const closing = server.close();
  expect(server.close()).toBe(closing);
  await closing;
});
