import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { expect, test } from "vitest";
import type { Inbound, Outgoing } from "../trigger/http/wire.ts";
import { ConnectionSlots, connectionState } from "./connection-slots.ts";
import { descriptorOf, openDescriptors } from "./descriptors.ts";
import { WorkerServer } from "./worker-server.ts";

const get = "GET / HTTP/1.1\r\nHost: shop\r\n\r\n";

/** A worker with one connection in slot 0; requests are answered when the test likes. */
class OneConnection implements AsyncDisposable {
  readonly slots = new ConnectionSlots({ slots: 1, workers: 1 });
  readonly client: Socket;
  readonly closed: number[] = [];
  /** Requests with the apps that they are for. */
  readonly asked: { readonly inbound: Inbound<Outgoing>; readonly app: string | undefined }[] = [];
  readonly #server: WorkerServer;
  readonly #accepted: Socket;
  received = "";

  private constructor(client: Socket, accepted: Socket) {
    this.client = client;
    this.#accepted = accepted;
    client.setEncoding("latin1").on("data", (text: string) => (this.received += text));
    this.#server = new WorkerServer({
      slots: this.slots,
      index: 0,
      handle: (inbound, app) => this.asked.push({ inbound, app }),
      onClosed: (slots) => this.closed.push(...slots),
    });
  }

  static async open(): Promise<OneConnection> {
    const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [accepted] = (await once(server, "connection")) as [Socket];
    server.close();
    return new OneConnection(client, accepted);
  }

  adopt(head = ""): void {
    const fd = openDescriptors().duplicate(descriptorOf(this.#accepted) ?? -1);
    this.#server.adopt({
      kind: "connection",
      slot: 0,
      fd,
      app: undefined,
      head: Buffer.from(head),
    });
  }

  answer(index: number, body: string): void {
    const { inbound } = this.asked[index] ?? {};
    if (inbound === undefined) throw new Error(`there is no request ${index}`);
    const head = { status: 200, headers: ["content-length", String(body.length)] };
    inbound.wire.whole(
      inbound.response,
      { ...head, hasBody: true, hasTrailerField: false },
      Buffer.from(body),
    );
  }

  get state(): number {
    return this.slots.state(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy();
    this.#accepted.destroy();
    await this.#server.close(AbortSignal.abort());
  }
}

test("a connection is idle again when its request is answered", async () => {
  await using one = await OneConnection.open();
  one.adopt(get);
  await expect.poll(() => one.asked.length).toBe(1);
  expect([one.asked[0]?.app, one.state]).toEqual(["shop", connectionState.asked]);
  expect(one.slots.active(0)).toBe(1);
  one.answer(0, "hello");
  await expect.poll(() => one.state).toBe(connectionState.idle);
  expect(one.slots.active(0)).toBe(0);
});

test("a request behind one whose answer has begun does not hide that", async () => {
  await using one = await OneConnection.open();
  one.adopt(get);
  await expect.poll(() => one.asked.length).toBe(1);
  const { inbound } = one.asked[0] ?? expect.fail("no request");
  const head = { status: 200, headers: [], hasBody: true, hasTrailerField: false };
  inbound.wire.head(inbound.response, head);
  inbound.wire.flushHead(inbound.response);
  one.client.write(get);
  await expect.poll(() => one.asked.length).toBe(2);
  expect(one.state).toBe(connectionState.answering);
});

test("a connection is not idle while half of a request's head is there", async () => {
  await using one = await OneConnection.open();
  one.adopt(get);
  await expect.poll(() => one.asked.length).toBe(1);
  one.answer(0, "hello");
  await expect.poll(() => one.state).toBe(connectionState.idle);
  one.client.write(get.slice(0, 20));
  await expect.poll(() => one.state).toBe(connectionState.begun);
  one.client.write(get.slice(20));
  await expect.poll(() => one.asked.length).toBe(2);
  expect(one.state).toBe(connectionState.asked);
});

test("half a head that came with the request before it counts once that is answered", async () => {
  await using one = await OneConnection.open();
  one.adopt(get + get.slice(0, 20));
  await expect.poll(() => one.asked.length).toBe(1);
  expect(one.state).toBe(connectionState.asked);
  one.answer(0, "hello");
  await expect.poll(() => one.slots.active(0)).toBe(0);
  expect(one.state).toBe(connectionState.begun);
});

test("while a body still comes, nobody else can go on with the connection", async () => {
  await using one = await OneConnection.open();
  one.adopt("POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\nabc");
  await expect.poll(() => one.asked.length).toBe(1);
  one.answer(0, "no, thanks");
  await expect.poll(() => one.received).toContain("no, thanks");
  await expect.poll(() => one.slots.active(0)).toBe(0);
  expect(one.state).toBe(connectionState.answering);
});

test("what was taken back meanwhile is closed unread", async () => {
  await using one = await OneConnection.open();
  one.slots.set(0, connectionState.takenBack);
  one.adopt(get);
  await expect.poll(() => one.closed).toEqual([0]);
  expect([one.state, one.asked.length]).toEqual([connectionState.returned, 0]);
});
