import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whorl } from "../../proto/gen/wire.js";
import { frontService } from "../../shim/front/front-service.ts";
import { shimLimits } from "../../shim/limits.ts";
import { programFile } from "../../shim/programs.ts";
import type { TtrpcClient } from "../../shim/ttrpc/client.ts";
import { encodeFrame, FrameDecoder, frameTypes, remoteClosed } from "../../shim/ttrpc/frame.ts";
import { LoneFront } from "./lone-front.ts";

const service = "containerd.task.v2.Task";
const metadata = [{ key: "containerd-namespace-ttrpc", value: "ns" }];

let front: LoneFront;
let pid: number | undefined;

beforeAll(async () => {
  front = new LoneFront();
  await front.start("first");
  ({ pid } = front);
});

afterAll(() => front[Symbol.asyncDispose]());

/** The front is the same one, and answers. */
async function goesOn(): Promise<void> {
  using client = await front.connect();
  const payload = whorl.task.TaskRequest.encode({ id: "nobody" }).finish();
  const answer = client.call({ service, method: "State", payload, metadata });
  await expect(answer).rejects.toMatchObject({ code: "not_found" });
  expect(front.pid).toBe(pid);
  expect(existsSync(`/proc/${pid}`)).toBe(true);
}

function create(client: TtrpcClient, bundle: string): Promise<Uint8Array> {
  const payload = whorl.task.CreateTaskRequest.encode({ id: "c", bundle }).finish();
  return client.call({ service, method: "Create", payload, metadata });
}

describe("a container that containerd describes badly is refused", () => {
  const tooLarge = " ".repeat(shimLimits.configBytesMax + 1);
  test.each([
    ["no config.json", undefined, "cannot be read"],
    ["no JSON", "{", "config.json is not JSON"],
    ["a list", "[]", "config.json has to be an object"],
    ["a process that is none", '{"process":7}', "process has to be an object"],
    ["arguments that are no list", '{"process":{"args":"a"}}', "process.args has to be a list"],
    ["a variable that is no text", '{"process":{"env":[1]}}', "process.env has to be a string"],
    ["a user that is a name", '{"process":{"user":{"uid":"root"}}}', "has to be an integer"],
    ["mounts that are no list", '{"mounts":{}}', "mounts has to be a list"],
    ["a mount without a place", '{"mounts":[{}]}', "mounts.destination has to be an absolute"],
    ["a limit that is a text", '{"linux":{"resources":{"memory":{"limit":"1G"}}}}', "memoryBytes"],
    ["annotations that are no texts", '{"annotations":{"a":1}}', "annotations.a has to be"],
    ["more than anybody needs", tooLarge, "more than the limit"],
  ])("%s", async (name, config, reason) => {
    const bundle = front.bundle(name);
    await front.start(name);
    if (config !== undefined) writeFileSync(join(bundle, "config.json"), config);
    using client = await front.connect();
    await expect(create(client, bundle)).rejects.toThrow(reason);
    expect(front.log).toContain(reason);
    await goesOn();
  });

  test.each([
    ["no folder", "/no/such/folder", "was this container started by another shim?"],
    ["no path at all", "", "was this container started by another shim?"],
  ])("%s", async (_name, bundle, reason) => {
    using client = await front.connect();
    await expect(create(client, bundle)).rejects.toThrow(reason);
    await goesOn();
  });

  const mapping = { containerID: 0, hostID: 65_536, size: 65_536 };
  const mapped = { destination: "/data", type: "bind", source: "/tmp", uidMappings: [mapping] };
  test.each([
    ["nothing but a program", {}, "/x.wasm"],
    ["a volume under other users", { mounts: [mapped] }, "volume /data is to be seen under other"],
  ])("%s: it is created, and fails alone when it is started", async (name, config, reason) => {
    const bundle = front.bundle(name);
    await front.start(name);
    const args = ["/x.wasm"];
    writeFileSync(join(bundle, "config.json"), JSON.stringify({ process: { args }, ...config }));
    using client = await front.connect();
    const call = (method: string): Promise<Uint8Array> => {
      const payload = whorl.task.ProcessRequest.encode({ id: "c" }).finish();
      return client.call({ service, method, payload, metadata });
    };
    await create(client, bundle);
    await call("Start");
    expect(whorl.task.WaitResponse.decode(await call("Wait")).exitStatus).toBe(1);
    await call("Delete");
    expect(front.log).toContain(reason);
    await goesOn();
  });

  test("a record that was not written to its end", async () => {
    const bundle = front.bundle("cut off");
    writeFileSync(join(bundle, "whorl.start"), "namespace=ns\n");
    using client = await front.connect();
    await expect(create(client, bundle)).rejects.toThrow("not complete");
  });
});

describe("a peer that breaks the protocol loses its connection, and nobody else does", () => {
  async function rawSocket(): Promise<Socket> {
    const socket = connect(front.socket);
    await once(socket, "connect");
    return socket.on("error", () => undefined);
  }

  /** However it comes about. */
  function isClosed(socket: Socket): Promise<void> {
    return new Promise((resolve) => socket.once("close", () => resolve()));
  }

  const header = (bytes: number, stream: number, type: number): Buffer => {
    const frame = Buffer.alloc(10);
    frame.writeUInt32BE(bytes, 0);
    frame.writeUInt32BE(stream, 4);
    frame.writeUInt8(type, 8);
    return frame;
  };

  test.each([
    ["bytes of another protocol", Buffer.from("GET / HTTP/1.1\r\nHost: front\r\n\r\n")],
    ["a stream of the server's", header(0, 2, frameTypes.request)],
    ["an answer to nothing", header(0, 1, frameTypes.response)],
    ["an unknown type", header(0, 1, 77)],
  ])("%s", async (_name, bytes) => {
    const socket = await rawSocket();
    // What is announced is never kept, so that what follows is looked at.
    const closed = isClosed(socket);
    socket.write(bytes);
    socket.write(Buffer.alloc(shimLimits.frameBytesMax, 0xff));
    await closed;
    expect(socket.destroyed).toBe(true);
    await goesOn();
  });

  test.each([
    ["an empty request", Buffer.alloc(0), 12],
    ["a request that is none", Buffer.from([0xff, 0xff, 0xff]), 3],
  ])("%s is answered with an error", async (_name, payload, code) => {
    const [status] = await statusesOf(await rawSocket(), [
      encodeFrame({ stream: 1, type: frameTypes.request, flags: remoteClosed, payload }, 100),
    ]);
    expect(status?.code).toBe(code);
    await goesOn();
  });

  test("a frame above the limit is refused without being kept", async () => {
    const bytes = shimLimits.frameBytesMax + 1;
    const [status] = await statusesOf(await rawSocket(), [
      header(bytes, 1, frameTypes.request),
      Buffer.alloc(bytes),
    ]);
    expect(status).toMatchObject({ code: 8, message: expect.stringContaining("exceeds") });
    await goesOn();
  });

  /** Of the first answer. */
  async function statusesOf(
    socket: Socket,
    frames: readonly Buffer[],
  ): Promise<whorl.ttrpc.Response["status"][]> {
    const decoder = new FrameDecoder(shimLimits.frameBytesMax);
    for (const frame of frames) socket.write(frame);
    const [chunk] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return decoder
      .push(chunk)
      .flatMap((frame) =>
        frame.kind === "frame" ? [whorl.ttrpc.Response.decode(frame.payload).status] : [],
      );
  }

  test("one that never reads is cut off, and others are served meanwhile", async () => {
    const socket = await rawSocket();
    socket.pause();
    // Answers are about as long as what was asked for.
    const id = "x".repeat(64 * 1024);
    const request = whorl.ttrpc.Request.encode({
      service,
      method: "State",
      payload: whorl.task.TaskRequest.encode({ id }).finish(),
      metadata,
    }).finish();
    const frame = { type: frameTypes.request, flags: remoteClosed, payload: request };
    const requests = 2 * Math.ceil(shimLimits.unreadAnswerBytesMax / id.length);
    for (let index = 0; index < requests; index += 1) {
      socket.write(encodeFrame({ ...frame, stream: 2 * index + 1 }, shimLimits.frameBytesMax));
      if (index === requests / 4) await goesOn();
    }
    await isClosed(socket);
    expect(socket.destroyed).toBe(true);
    await goesOn();
  });
});

test("a full disk costs the log, and what cannot be kept is refused", async () => {
  await using full = new LoneFront();
  const { runFolder } = full;
  mkdirSync(runFolder, { recursive: true });
  spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", runFolder]);
  await using unmounted = new AsyncDisposableStack();
  unmounted.defer(() => void spawnSync("umount", ["-l", runFolder]));
  // Without the folder nobody would know which process it is.
  unmounted.defer(() => full.end());
  await full.start("first");
  const bundle = join(runFolder, "bundle");
  mkdirSync(bundle);
  spawnSync("dd", ["if=/dev/zero", `of=${join(runFolder, "filler")}`, "bs=4k", "count=100"]);
  const started = await full.run(bundle, ["-namespace", "ns", "-id", "c", "start"]);
  expect(started).toMatchObject({ status: 1, stderr: expect.stringContaining("No space left") });
  using client = await full.connect();
  await expect(create(client, bundle)).rejects.toThrow("whorl.start");
  // What is kept for it is in memory.
  const program = { node: process.execPath, program: programFile("front") };
  const payload = Buffer.from(JSON.stringify(program));
  const { name: frontName, handOver } = frontService;
  await client.call({ service: frontName, method: handOver, payload });
  rmSync(join(runFolder, "filler"));
  expect((await full.run(bundle, ["-namespace", "ns", "-id", "c", "start"])).status).toBe(0);
  expect(full.pid).toBeDefined();
});
