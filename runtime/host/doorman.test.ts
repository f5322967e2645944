import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { limits } from "../limits.ts";
import { discardInput } from "./descriptors.ts";
import { Doorman } from "./doorman.ts";
import type { Caller, DoormanOptions } from "./doorman.ts";

/** A doorman whose callers are collected. */
class Door implements AsyncDisposable {
  readonly #callers: Caller[] = [];
  #changed = Promise.withResolvers<void>();
  readonly doorman: Doorman;
  readonly #sockets: Socket[] = [];

  constructor(bounds: Pick<DoormanOptions, "silentMax" | "headMsMax"> = {}) {
    this.doorman = new Doorman({
      ...bounds,
      onWarning: (message) => expect.fail(message),
      onCaller: (caller) => {
        this.#callers.push(caller);
        this.#changed.resolve();
      },
    });
  }

  async listen(app?: string): Promise<number> {
    return (await this.doorman.listen({ host: "127.0.0.1", port: 0 }, app)).port;
  }

  async client(port: number): Promise<Socket> {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    this.#sockets.push(socket);
    await once(socket, "connect");
    return socket;
  }

  async next(): Promise<Caller> {
    for (;;) {
      const caller = this.#callers.shift();
      if (caller !== undefined) return caller;
      this.#changed = Promise.withResolvers<void>();
      await this.#changed.promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const { socket } of this.#callers) socket.destroy();
    await this.doorman.close();
  }
}

function text({ head }: Caller): string {
  return Buffer.from(head).toString("latin1");
}

test("a caller is known by the host that it names, with what it said", async () => {
  await using door = new Door();
  const client = await door.client(await door.listen());
  const request = "GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n";
  client.write(request);
  const caller = await door.next();
  expect([caller.app, caller.isFixed, text(caller)]).toEqual(["shop", false, request]);
  caller.socket.destroy();
});

test("what comes after the name is left for somebody else to read", async () => {
  await using door = new Door();
  const client = await door.client(await door.listen());
  client.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  const { socket } = await door.next();
  client.write("GET /next HTTP/1.1\r\nHost: shop\r\n\r\n");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(socket.bytesRead).toBe("GET / HTTP/1.1\r\nHost: shop\r\n\r\n".length);
  const rest = once(socket, "data");
  discardInput(socket);
  expect(String((await rest)[0])).toMatch(/^GET \/next /);
  socket.destroy();
});

test("a name that arrives in pieces is waited for", async () => {
  await using door = new Door();
  const client = await door.client(await door.listen());
  client.setNoDelay(true);
  for (const piece of ["GET / HTTP/1.1\r\nHo", "st: sh", "op\r\n"]) {
    client.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const caller = await door.next();
  expect([caller.app, text(caller)]).toEqual(["shop", "GET / HTTP/1.1\r\nHost: shop\r\n"]);
  caller.socket.destroy();
});

test("who comes to an app's own address means that app, whatever is said", async () => {
  await using door = new Door();
  const client = await door.client(await door.listen("shop"));
  client.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const caller = await door.next();
  expect([caller.app, caller.isFixed]).toEqual(["shop", true]);
  caller.socket.destroy();
});

test.each([
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["no name", "GET / HTTP/1.0\r\n\r\n"],
  ["an address", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
])("with %s whom it means is found out later", async (_what, said) => {
  await using door = new Door();
  const client = await door.client(await door.listen());
  client.write(said);
  const caller = await door.next();
  expect([caller.app, caller.isFixed]).toEqual([undefined, false]);
  caller.socket.destroy();
});

test("one who hangs up without a word is forgotten", async () => {
  await using door = new Door();
  const port = await door.listen();
  const silent = await door.client(port);
  silent.end();
  await once(silent, "close");
  expect(door.doorman.silent).toBe(0);
});

test("of too many silent ones the oldest has to go; who speaks is heard", async () => {
  await using door = new Door({ silentMax: 3 });
  const port = await door.listen();
  const silent: Socket[] = [];
  for (let count = 0; count < 3; count++) silent.push(await door.client(port));
  const oldest = silent[0];
  const closed = oldest && once(oldest, "close");
  const speaker = await door.client(port);
  speaker.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  const caller = await door.next();
  await closed;
  expect(caller.app).toBe("shop");
  expect(door.doorman.silent).toBe(2);
  caller.socket.destroy();
});

test("one who keeps saying a little has no more time than one who says nothing", async () => {
  await using door = new Door({ headMsMax: 100 });
  const client = await door.client(await door.listen());
  const sending = setInterval(() => client.write("x"), 10);
  // With or without a reset: what it sent last may not have been read.
  await new Promise<void>((resolve) => client.once("close", () => resolve()));
  clearInterval(sending);
  await expect.poll(() => door.doorman.silent).toBe(0);
});

test("a head in very many pieces is left to a worker, with all of them", async () => {
  await using door = new Door();
  const client = await door.client(await door.listen());
  client.setNoDelay(true);
  let sent = "";
  const sending = setInterval(() => {
    client.write("x");
    sent += "x";
  }, 1);
  const caller = await door.next();
  clearInterval(sending);
  expect([caller.app, caller.isFixed]).toEqual([undefined, false]);
  expect(caller.head.length).toBeGreaterThan(limits.hostHeadPiecesMax);
  expect(sent.startsWith(text(caller))).toBe(true);
  caller.socket.destroy();
});

test("an address that is stopped is free again", async () => {
  await using door = new Door();
  const port = await door.listen("shop");
  door.doorman.stop("shop");
  const again = await door.doorman.listen({ host: "127.0.0.1", port }, "other");
  expect(again.port).toBe(port);
});
