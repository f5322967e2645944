import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { whorl } from "../../proto/gen/wire.js";
import { TestFolder } from "../test-folder.ts";
import { TtrpcConnection } from "../ttrpc/server.ts";
import { EventPublisher, toTimestamp } from "./event-publisher.ts";

let stack: AsyncDisposableStack;
let path: string;
let received: string[];
let warnings: string[];

beforeEach(() => {
  stack = new AsyncDisposableStack();
  path = stack.use(new TestFolder({})).file("events");
  received = [];
  warnings = [];
});

afterEach(() => stack.disposeAsync());

async function containerd(): Promise<Server> {
  const server = createServer((socket) => {
    stack.defer(() => void socket.destroy());
    void new TtrpcConnection(socket, async ({ payload }) => {
      const { envelope } = whorl.events.ForwardRequest.decode(payload);
      received.push(`${envelope?.namespace} ${envelope?.topic} ${envelope?.event?.typeUrl}`);
      return new Uint8Array();
    });
  });
  stack.defer(() => void server.close());
  server.listen(path);
  await once(server, "listening");
  return server;
}

function publisher(): EventPublisher {
  return stack.use(new EventPublisher(path, (message) => warnings.push(message)));
}

function publish(to: EventPublisher, topic: string): void {
  to.publish({ namespace: "ns", topic, type: "T", value: new Uint8Array() }, 1500);
}

test("events arrive in their order", async () => {
  await containerd();
  const to = publisher();
  for (const topic of ["/a", "/b", "/c"]) publish(to, topic);
  await expect.poll(() => received).toEqual(["ns /a T", "ns /b T", "ns /c T"]);
  expect(warnings).toEqual([]);
});

test("what is published while containerd is away arrives later, once and in order", async () => {
  const to = publisher();
  for (const topic of ["/a", "/b"]) publish(to, topic);
  await expect.poll(() => warnings.length).toBe(1);
  await containerd();
  publish(to, "/c");
  await expect.poll(() => received, { timeout: 5_000 }).toEqual(["ns /a T", "ns /b T", "ns /c T"]);
});

test("without an address nothing is sent and nothing waits", async () => {
  await using to = new EventPublisher("", (message) => warnings.push(message));
  publish(to, "/a");
  expect(warnings).toEqual([]);
});

test("times have whole seconds and nanoseconds", () => {
  expect(toTimestamp(1500)).toEqual({ seconds: 1, nanos: 500_000_000 });
});
