import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestFolder } from "../test-folder.ts";
import { whorl } from "../../proto/gen/wire.js";
import { ShimError, shimErrorCodes, type ShimErrorCode } from "../error.ts";
import { shimLimits } from "../limits.ts";
import { TtrpcClient } from "./client.ts";
import { encodeFrame, FrameDecoder, frameTypes } from "./frame.ts";
import { metadataOf, TtrpcConnection, type TtrpcHandler } from "./server.ts";

const never = new Promise<never>(() => undefined);

const handler: TtrpcHandler = async (request) => {
  switch (request.method) {
    case "Echo":
      return request.payload;
    case "Metadata":
      return Buffer.from(metadataOf(request, "key") ?? "none");
    case "Forwarded":
      return { status: { code: 99, message: "as it came" } };
    case "Slow":
      return never;
    case "Huge":
      return new Uint8Array(shimLimits.frameBytesMax);
    case "Broken":
      throw new TypeError("a mistake");
    default:
      throw new ShimError(request.method as ShimErrorCode, `about ${request.method}`);
  }
};

let stack: AsyncDisposableStack;
let path: string;
let connections: TtrpcConnection[];

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  path = join(stack.use(new TestFolder({})).path, "s");
  connections = [];
  const server = createServer((socket) => {
    stack.defer(() => void socket.destroy());
    connections.push(new TtrpcConnection(socket, handler));
  });
  stack.defer(() => void server.close());
  server.listen(path);
  await once(server, "listening");
});

afterEach(() => stack.disposeAsync());

async function client(): Promise<TtrpcClient> {
  return stack.use(await TtrpcClient.connect(`unix://${path}`));
}

async function rawSocket(): Promise<Socket> {
  const socket = connect(path);
  stack.defer(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

function call(
  method: string,
  payload: Uint8Array = new Uint8Array(),
): {
  service: string;
  method: string;
  payload: Uint8Array;
} {
  return { service: "s", method, payload };
}

test("calls run side by side on one connection", async () => {
  const to = await client();
  const slow = to.call(call("Slow"));
  slow.catch(() => undefined);
  const texts = ["one", "two", "three"];
  const answers = await Promise.all(texts.map((text) => to.call(call("Echo", Buffer.from(text)))));
  expect(answers.map((answer) => Buffer.from(answer).toString())).toEqual(texts);
});

test("metadata arrives", async () => {
  const to = await client();
  const metadata = [{ key: "key", value: "value" }];
  const answer = await to.call({ ...call("Metadata"), metadata });
  expect(Buffer.from(answer).toString()).toBe("value");
});

test.each(Object.keys(shimErrorCodes) as ShimErrorCode[])(
  "the error %s arrives as itself",
  async (code) => {
    const to = await client();
    await expect(to.call(call(code))).rejects.toMatchObject({ code, message: `about ${code}` });
  },
);

test("any other error is internal", async () => {
  const to = await client();
  await expect(to.call(call("Broken"))).rejects.toMatchObject({
    code: "internal",
    message: "a mistake",
  });
});

test("a status of another server passes unchanged", async () => {
  const to = await client();
  const { status } = await to.forward(call("Forwarded"));
  expect(status).toMatchObject({ code: 99, message: "as it came" });
});

test("whoever goes on with a paused connection is given all that came meanwhile", async () => {
  const to = await client();
  await to.call(call("Echo"));
  const [connection] = connections;
  connection?.pause();
  const texts = ["one", "two", "three"];
  const answers: Promise<Uint8Array>[] = [];
  for (const text of texts) {
    answers.push(to.call(call("Echo", Buffer.from(text))));
    // Each of them is read by itself.
    await delay(20);
  }
  const frames = new FrameDecoder(shimLimits.frameBytesMax).push(
    Buffer.from(connection?.handOver()?.received ?? "", "base64"),
  );
  expect(frames.map(({ stream }) => stream)).toEqual([3, 5, 7]);
  // Nobody goes on with it after all.
  connection?.resume();
  const given = await Promise.all(answers);
  expect(given.map((answer) => Buffer.from(answer).toString())).toEqual(texts);
});

test("the caller's time is kept", async () => {
  const to = await client();
  await expect(to.call({ ...call("Slow"), timeoutNano: 5e6 })).rejects.toMatchObject({
    code: "deadline_exceeded",
  });
});

test("an answer above the limit is refused, and the connection stays", async () => {
  const to = await client();
  await expect(to.call(call("Huge"))).rejects.toMatchObject({ code: "resource_exhausted" });
  expect(await to.call(call("Echo", Buffer.from("x")))).toHaveLength(1);
});

test("a closed connection ends its calls", async () => {
  const to = await client();
  const slow = to.call(call("Slow"));
  await to.call(call("Echo"));
  connections[0]?.close();
  await expect(slow).rejects.toMatchObject({ code: "unavailable" });
  await expect(to.call(call("Echo"))).rejects.toMatchObject({ code: "unavailable" });
});

test("nobody listens: unavailable", async () => {
  await expect(TtrpcClient.connect(`${path}.none`)).rejects.toMatchObject({ code: "unavailable" });
});

describe("a peer that misbehaves", () => {
  const request = whorl.ttrpc.Request.encode(call("Echo", Buffer.from("x"))).finish();

  function frame(parts: { stream?: number; type?: number; payload?: Uint8Array }): Buffer {
    const { stream = 1, type = frameTypes.request, payload = request } = parts;
    return encodeFrame({ stream, type, flags: 0, payload }, shimLimits.frameBytesMax);
  }

  async function answersTo(socket: Socket, bytes: Uint8Array): Promise<whorl.ttrpc.Response> {
    const decoder = new FrameDecoder(shimLimits.frameBytesMax);
    socket.write(bytes);
    for await (const chunk of socket) {
      for (const each of decoder.push(chunk as Buffer)) {
        if (each.kind === "frame") return whorl.ttrpc.Response.decode(each.payload);
      }
    }
    throw new Error("closed without an answer");
  }

  test.each([
    ["an even stream", frame({ stream: 2 })],
    ["a response", frame({ type: frameTypes.response })],
    ["data that was not asked for", frame({ type: frameTypes.data })],
    ["an unknown type", frame({ type: 9 })],
  ])("%s: the connection is closed", async (_name, bytes) => {
    const socket = await rawSocket();
    socket.resume();
    socket.write(bytes);
    await once(socket, "close");
    expect(connections[0]?.closed.aborted).toBe(true);
  });

  test("one byte at a time is a request like any other", async () => {
    const socket = await rawSocket();
    const bytes = frame({});
    for (const byte of bytes.subarray(0, -1)) {
      socket.write(Uint8Array.of(byte));
      await delay(0);
    }
    const response = await answersTo(socket, bytes.subarray(-1));
    expect(Buffer.from(response.payload).toString()).toBe("x");
  });

  test("a request that cannot be decoded is refused", async () => {
    const response = await answersTo(
      await rawSocket(),
      frame({ payload: Uint8Array.of(0xff, 0xff) }),
    );
    expect(response.status).toMatchObject({ code: 3 });
  });

  test("a frame above the limit is refused at its header", async () => {
    const bytes = frame({});
    bytes.writeUInt32BE(0xffff_ffff, 0);
    const response = await answersTo(await rawSocket(), bytes);
    expect(response.status).toMatchObject({ code: 8 });
  });

  test("who does not read loses the connection", async () => {
    const socket = await rawSocket();
    socket.pause();
    socket.on("error", () => undefined);
    const payload = whorl.ttrpc.Request.encode(
      call("Echo", new Uint8Array(shimLimits.frameBytesMax - 1024)),
    ).finish();
    for (let stream = 1; stream < 20; stream += 2) socket.write(frame({ stream, payload }));
    await expect.poll(() => connections[0]?.closed.aborted, { timeout: 20_000 }).toBe(true);
  }, 30_000);
});
