import { expect, test } from "vitest";
import { RawClient, respond, startServer } from "./test-server.ts";
import type { Guest } from "./test-server.ts";

const get = (path: string): string[] => [`GET ${path} HTTP/1.1`, "Host: h", "", ""];

/** Turns that somebody else gives. */
class GivenTurns {
  readonly waiting: (() => void)[] = [];
  #taken = Promise.withResolvers<void>();

  /** One more request waits. */
  async taken(): Promise<void> {
    await this.#taken.promise;
    this.#taken = Promise.withResolvers<void>();
  }

  take(begin: () => void): void {
    this.waiting.push(begin);
    this.#taken.resolve();
  }

  give(): void {
    for (const begin of this.waiting.splice(0)) begin();
  }
}

function noting(): { readonly begun: string[]; readonly guest: Guest } {
  const begun: string[] = [];
  const guest: Guest = async (exchange, sink) => {
    begun.push(exchange.pathWithQuery);
    respond(sink, "done");
  };
  return { begun, guest };
}

test("a request begins when its turn comes", async () => {
  const turns = new GivenTurns();
  const { begun, guest } = noting();
  await using server = await startServer(guest, { turns });
  using client = await RawClient.connect(server);
  client.send(...get("/a"));
  await turns.taken();
  expect(begun).toEqual([]);
  turns.give();
  await client.until("\r\n\r\ndone");
  expect(begun).toEqual(["/a"]);
});

test("who went away before its turn is not begun", async () => {
  const turns = new GivenTurns();
  const { begun, guest } = noting();
  await using server = await startServer(guest, { turns });
  using gone = await RawClient.connect(server);
  gone.send(...get("/gone"));
  await turns.taken();
  gone.socket.resetAndDestroy();
  using client = await RawClient.connect(server);
  client.send(...get("/here"));
  await turns.taken();
  turns.give();
  await client.until("\r\n\r\ndone");
  expect(begun).toEqual(["/here"]);
});
