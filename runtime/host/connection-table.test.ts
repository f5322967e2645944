import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { expect, test } from "vitest";
import { ConnectionSlots, connectionState } from "./connection-slots.ts";
import { ConnectionTable } from "./connection-table.ts";
import type { ConnectionHolder } from "./connection-table.ts";
import { stopReading } from "./descriptors.ts";
import type { ConnectionMessage } from "./protocol.ts";

class NotingWorker implements ConnectionHolder {
  readonly messages: ConnectionMessage[] = [];
  open = 0;

  opened(): void {
    this.open++;
  }

  closed(): void {
    this.open--;
  }

  tell(message: ConnectionMessage): void {
    this.messages.push(message);
  }
}

/** Copies are numbers from 1000 on. */
class NotedDescriptors {
  readonly open = new Set<number>();
  #next = 1_000;

  duplicate(): number {
    this.open.add(this.#next);
    return this.#next++;
  }

  close(fd: number): void {
    this.open.delete(fd);
  }

  /** Whether the kernel has seen an answer. */
  hasSent = true;

  isUnanswered(): boolean {
    return !this.hasSent;
  }

  sweepImages(): void {}
}

/** Both ends of a connection, and a table for connections. */
async function withConnection(
  capacity: number,
  use: (parts: {
    readonly table: ConnectionTable<NotingWorker>;
    readonly slots: ConnectionSlots;
    readonly descriptors: NotedDescriptors;
    readonly client: Socket;
    /** The doorman's end. */
    readonly socket: Socket;
    lend(worker: NotingWorker): number | undefined;
  }) => Promise<void> | void,
): Promise<void> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => undefined);
  const [socket] = (await once(server, "connection")) as [Socket];
  // As the doorman's sockets have it.
  socket.on("error", () => undefined);
  stopReading(socket);
  const slots = new ConnectionSlots({ slots: capacity, workers: 1 });
  const descriptors = new NotedDescriptors();
  const table = new ConnectionTable<NotingWorker>(slots, descriptors);
  const caller = { socket, app: "shop", isFixed: false, head: new Uint8Array([1, 2]) };
  const lend = (worker: NotingWorker): number | undefined => table.lend(caller, worker);
  try {
    await use({ table, slots, descriptors, client, socket, lend });
  } finally {
    socket.destroy();
    client.destroy();
    server.close();
  }
}

/** How a connection ends for its client: what arrived, or `reset`. */
async function ending(client: Socket): Promise<string> {
  let text = "";
  client.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  const reset = once(client, "error").then(() => "reset");
  return await Promise.race([once(client, "end").then(() => text), reset]);
}

test("a worker gets a copy of its own and what was read", () =>
  withConnection(1, ({ lend, table, descriptors }) => {
    const worker = new NotingWorker();
    const slot = lend(worker);
    expect(worker.messages).toEqual([
      { kind: "connection", slot, fd: 1_000, app: undefined, head: new Uint8Array([1, 2]) },
    ]);
    expect([worker.open, table.size, descriptors.open.size]).toEqual([1, 1, 1]);
  }));

test("beyond the bound nothing is lent and nothing is kept", () =>
  withConnection(1, ({ lend, table }) => {
    const worker = new NotingWorker();
    const slot = lend(worker);
    expect(() => lend(worker)).toThrow("there are 1 connections, and no more can be");
    expect([worker.open, table.size]).toEqual([1, 1]);
    table.closed([slot ?? -1]);
    expect(lend(worker)).toBeUndefined();
    expect(worker.open).toBe(0);
  }));

test("only what a worker has not looked at can be taken back", () =>
  withConnection(2, ({ lend, table, slots }) => {
    const worker = new NotingWorker();
    const slot = lend(worker) ?? -1;
    expect(table.isUntouched(slot)).toBe(true);
    slots.set(slot, connectionState.idle);
    expect([table.isUntouched(slot), table.takeBack(slot)]).toEqual([false, undefined]);
    slots.set(slot, connectionState.handedOver);
    expect(table.takeBack(slot)?.app).toBe("shop");
    expect([worker.open, table.size]).toEqual([0, 0]);
    // The slot is free only when the worker has found out.
    expect(lend(worker)).not.toBe(slot);
    table.closed([slot]);
    expect(lend(worker)).toBe(slot);
  }));

test("words about slots that nobody has change nothing", () =>
  withConnection(1, ({ table, lend }) => {
    table.closed([0, 5, -1]);
    expect(lend(new NotingWorker())).toBe(0);
  }));

test.each([
  { state: connectionState.handedOver, callers: [2], copies: 0 },
  { state: connectionState.idle, callers: [0], copies: 1 },
])("with the worker gone, a connection in state $state is somebody else's", (expected) =>
  withConnection(1, ({ lend, table, slots, descriptors }) => {
    const worker = new NotingWorker();
    slots.set(lend(worker) ?? -1, expected.state);
    const rescued = table.rescue(worker);
    expect(rescued.map(({ head }) => head.length)).toEqual(expected.callers);
    expect([table.size, worker.open]).toEqual([0, 0]);
    // The copy of one that the worker had taken went with its thread.
    expect(descriptors.open.size).toBe(expected.copies);
  }),
);

test.each([
  { what: "begun", end: /^HTTP\/1.1 502 / },
  { what: "asked", end: /^HTTP\/1.1 502 Bad Gateway\r\n.*connection: close\r\n\r\n$/s },
  { what: "answering", end: /^reset$/ },
  { what: "shared", end: /^reset$/ },
] as const)("with the worker gone, who was in state $what learns it", ({ what, end }) =>
  withConnection(1, async ({ lend, table, slots, client }) => {
    const worker = new NotingWorker();
    slots.set(lend(worker) ?? -1, connectionState[what]);
    const ended = ending(client);
    expect(table.rescue(worker)).toEqual([]);
    expect(await ended).toMatch(end);
  }),
);

test("an answer of which nothing was ever sent can still be another one", () =>
  withConnection(1, async ({ lend, table, slots, descriptors, client }) => {
    const worker = new NotingWorker();
    slots.set(lend(worker) ?? -1, connectionState.answering);
    descriptors.hasSent = false;
    const ended = ending(client);
    expect(table.rescue(worker)).toEqual([]);
    expect(await ended).toMatch(/^HTTP\/1.1 502 /);
  }));

test("a client that does not close is not waited for when its worker is gone", () =>
  withConnection(1, async ({ lend, table, slots, client, socket }) => {
    const worker = new NotingWorker();
    slots.set(lend(worker) ?? -1, connectionState.asked);
    client.allowHalfOpen = true;
    client.resume();
    const closed = once(socket, "close");
    table.rescue(worker);
    await closed;
    expect(client.destroyed).toBe(false);
  }));

test.each([
  { what: "has not", state: connectionState.takenBack, open: 1 },
  // The number of the copy that it has closed can be another file's by now.
  { what: "has", state: connectionState.returned, open: 2 },
])("a copy taken back is closed with its worker if that $what found out", ({ state, open }) =>
  withConnection(2, ({ lend, table, slots, descriptors }) => {
    const worker = new NotingWorker();
    const slot = lend(worker) ?? -1;
    expect(table.takeBack(slot)).toBeDefined();
    const other = new NotingWorker();
    lend(other);
    slots.set(slot, state);
    expect(table.rescue(worker)).toEqual([]);
    expect(descriptors.open.size).toBe(open);
    expect(lend(other)).toBe(slot);
  }),
);

test("the connections of other workers go on", () =>
  withConnection(2, ({ lend, table }) => {
    const [gone, other] = [new NotingWorker(), new NotingWorker()];
    lend(gone);
    lend(other);
    expect(table.rescue(gone)).toHaveLength(1);
    expect([gone.open, other.open, table.size]).toEqual([0, 1, 1]);
  }));
